"""Jobs of the practice study: the diffusion model, plain images made ahead, an arm's runs, their evaluation, tables."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.checkpoints import CHECKPOINT_SECONDS, Checkpoints, checkpoint_folder
from understudy.data.shards import read_images, write_images
from understudy.data.sources import load_known_classes
from understudy.devices import resolve_device
from understudy.files import read_json, write_json
from understudy.generators.batches import TrainingImages
from understudy.generators.denoisers import Denoiser, TrainedDenoiser, load_pretrained_diffusion
from understudy.generators.diffusion import train_diffusion
from understudy.generators.diffusion_settings import DiffusionSettings, PretrainedDiffusionSettings
from understudy.jobs.practice_tables import PARTS, whole_table
from understudy.practice.comparison_settings import (
    GuidanceSettings,
    LearnerSettings,
    PatienceSettings,
    SamplingSettings,
)
from understudy.practice.evaluation import evaluation_sets, measure_addition, score
from understudy.practice.images import Batch, GrowingSet, PlainPool
from understudy.practice.loop import Sources
from understudy.practice.results import run_arm
from understudy.practice.sampling import Sampler
from understudy.practice.state import seconds
from understudy.practice.variants import SWEEP, Arm
from understudy.seeds import seed_for
from understudy.tables import read_table, write_table


def train_study_diffusion(
    settings: dict,
    subtrain: Path,
    classes: Path,
    model: Path,
    history: Path,
    *,
    checkpoints: Path,
    draw: int,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Train the diffusion model on the subtrain images, or on as many of them as the settings say."""
    chosen = DiffusionSettings(**settings)
    data = read_images(subtrain)
    # The part is in a stratified order: any beginning of it has the classes in proportion.
    used = data.take(np.arange(min(chosen.real_images or len(data.labels), len(data.labels))))
    work = checkpoint_folder(checkpoints, [settings, draw, study_seed, version], [subtrain, classes])
    names = read_json(classes)["classes"]
    seed = seed_for(study_seed, "diffusion", draw)
    place = resolve_device(device)
    training = TrainingImages(used.images, used.labels, len(names))
    rows = train_diffusion(training, chosen, seed, model, work, place)
    write_table("diffusion_history", pd.DataFrame(rows), history, version)
    shutil.rmtree(checkpoints, ignore_errors=True)


def load_denoiser(settings: dict, model: Path | None, classes: Path, device: torch.device) -> Denoiser:
    """Load the study's trained model, or the pretrained one that ``settings`` name."""
    if model is not None:
        return TrainedDenoiser(model, device)
    return load_pretrained_diffusion(PretrainedDiffusionSettings(**settings), read_json(classes)["classes"], device)


def sample_plain_images(
    generator: dict,
    sampling: dict,
    model: Path | None,
    classes: Path,
    folder: Path,
    *,
    first: int,
    count: int,
    checkpoints: Path,
    seed_number: int,
    study_seed: int,
    device: str,
    version: int,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> None:
    """Make the plain images ``first`` to ``first + count`` of a seed, with the seconds that it took.

    Image i has class i modulo the number of classes and a seed of its own, whatever shard it is in.
    """
    place = resolve_device(device)
    files = [classes, model or PretrainedDiffusionSettings(**generator).class_file]
    parameters = [generator, sampling, first, count, seed_number, study_seed, version]
    work = checkpoint_folder(checkpoints, parameters, [file for file in files if file])
    store = Checkpoints(work / "state", checkpoint_seconds)
    sampler = Sampler(load_denoiser(generator, model, classes, place), SamplingSettings(**sampling), GuidanceSettings())
    seed = seed_for(study_seed, "practice", seed_number)
    numbers = np.arange(first, first + count)
    labels = numbers % sampler.denoiser.classes
    seeds = np.array([seed_for(seed, "plain", int(number)) for number in numbers], np.int64)
    made = GrowingSet(work / "images", count, sampler.denoiser.image_shape)
    if made.is_new:
        store.clear()  # what they count on is lost
    found = store.load()
    done, spent = (found[0], found[2]["seconds"]) if found else (0, 0.0)
    while done < count:
        part = slice(done, min(done + sampler.sampling.batch, count))
        began = seconds(place)
        sampled = sampler.sample(labels[part], seeds[part])
        spent += seconds(place) - began
        made.put(done, Batch(sampled.images, labels[part], seeds[part], sampled.entropies), 0)
        done = part.stop
        if store.due:
            made.flush()
            store.save(done, {}, {"seconds": spent})
    write_images(folder / "shard.parquet", made.images, labels, seed=seeds)
    write_json(folder / "manifest.json", {"images": count, "first": first, "seconds": spent})
    shutil.rmtree(checkpoints, ignore_errors=True)


def run_practice(
    parameters: dict,
    subtrain: Sequence[Path],
    validation: Sequence[Path],
    classes: Path,
    models: Sequence[Path],
    pool: Sequence[Path],
    outputs: dict[str, Path],
    *,
    checkpoints: Path,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Run one arm with a block of seeds.

    Parameters
    ----------
    parameters : dict
        As :meth:`understudy.practice.plan.PracticePlan.parameters` gives it.
    subtrain, validation, models : sequences of Path
        One for each of the block's draws, in their order; no models where the generator is pretrained, or the arm makes
        no image itself.
    pool : sequence of Path
        Shards of plain images, seed by seed.
    outputs : dict
        The folders ``weights`` and ``images`` and the tables ``runs``, ``history``, ``additions`` and ``hardness``.
    """
    arm, place = Arm(**parameters["arm"]), resolve_device(device)
    draws = sorted(set(parameters["draws"]))
    tables: dict[str, list[pd.DataFrame]] = {key: [] for key in PARTS}
    for number, draw in zip(parameters["seeds"], parameters["draws"], strict=True):
        at = draws.index(draw)
        parts, shards = [subtrain[at], validation[at], classes], _of_seed(pool, number)
        model = models[at] if models else None
        sources = _sources(parameters, *parts, model, shards, place)
        # A shard's manifest holds the time that it took: images that were made again are others.
        inputs = [*parts, *([model] if model else []), *(shard / "manifest.json" for shard in shards)]
        if arm.method == "real":
            arm = Arm(**parameters["arm"] | {"initial": len(sources.real.labels)})
        name = f"{arm.name}-s{number}"
        result = run_arm(
            arm,
            LearnerSettings(**parameters["learner"]),
            PatienceSettings(**parameters["loop"]),
            sources,
            seed_for(study_seed, "practice", number),
            name,
            outputs["weights"],
            outputs["images"] / name if arm.samples else None,
            checkpoint_folder(checkpoints, [parameters, number, study_seed, version], inputs),
            place,
        )
        named = {"experiment": arm.experiment, "method": arm.method, "arm": arm.name, "seed": number, "draw": draw}
        strengths = {"omega": arm.omega, "oversampling": arm.oversampling}
        tables["runs"].append(result.runs.assign(**named, **strengths))
        for key, frame in (("history", result.history), ("additions", result.rounds), ("hardness", result.hardness)):
            tables[key].append(frame.assign(**named))
    outputs["images"].mkdir(parents=True, exist_ok=True)
    for key, frames in tables.items():
        write_table(f"practice_{key}", whole_table(f"practice_{key}", frames), outputs[key], version)
    shutil.rmtree(checkpoints, ignore_errors=True)


def _sources(
    parameters: dict, subtrain: Path, validation: Path, classes: Path, model: Path | None, pool: list[Path],
    device: torch.device,
) -> Sources:  # fmt: skip
    sampler = None
    if "generator" in parameters:
        denoiser = load_denoiser(parameters["generator"], model, classes, device)
        guidance = GuidanceSettings(**parameters.get("guidance", {}))
        sampler = Sampler(denoiser, SamplingSettings(**parameters["sampling"]), guidance)
    names = read_json(classes)["classes"]
    ahead = PlainPool(pool) if pool else None
    return Sources(read_images(subtrain), read_images(validation), len(names), ahead, sampler)


def _of_seed(pool: Sequence[Path], number: int) -> list[Path]:
    """Return the shards of a seed, whose folder bears its number."""
    return [path for path in pool if path.parent.name == f"seed{number}"]


def evaluate_practice(
    runs: Sequence[Path],
    validation: dict[int, Path],
    test: dict[int, Path],
    folders: dict[str, Path],
    corruptions: dict[str, float],
    classes: Path,
    evaluation: Path,
    guidance: Path,
    *,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Score a block's runs on validation, test and shifted images, and measure what guidance did to a sweep's images.

    Parameters
    ----------
    runs : sequence of Path
        The folders of the arms' runs.
    validation, test : dict
        Files of images by draw; no test files in a study that holds none out.
    folders : dict
        Shifted test sets by name.
    """
    place = resolve_device(device)
    tables = {folder: read_table(folder / "runs.parquet", "practice_runs") for folder in runs}
    real = {
        row.seed: folder / "weights" / f"{row.run}.safetensors"
        for folder, table in tables.items()
        for row in table.itertuples()
        if row.method == "real"
    }
    scores, measured = [], []
    for draw, path in validation.items():
        shown, names = read_images(path), read_json(classes)["classes"]
        _, channels, size, _ = shown.images.shape
        others = {name: load_known_classes(folder, names, size, channels) for name, folder in folders.items()}
        unseen = read_images(test[draw]) if draw in test else None
        sets = evaluation_sets(shown, unseen, corruptions, others, seed_for(study_seed, "corruptions", draw))
        for folder, table in tables.items():
            mine = table[table["draw"] == draw]
            scores.append(score([folder / "weights" / f"{run}.safetensors" for run in mine["run"]], sets, place))
        for folder, table in tables.items():
            sweep = table[(table["draw"] == draw) & (table["experiment"] == SWEEP) & (table["method"] != "prune")]
            additions = read_table(folder / "additions.parquet", "practice_additions").set_index("seed")
            for row in sweep.itertuples():
                kept = {column: getattr(row, column) for column in _GUIDANCE_COLUMNS}
                found = measure_addition(folder / "images" / f"{row.arm}-s{row.seed}", real.get(row.seed), place)
                rate = additions.loc[row.seed, "seconds"] / found["images"]
                measured.append(kept | found | {"seconds_per_image": rate})
    write_table("practice_evaluation", pd.concat(scores, ignore_index=True), evaluation, version)
    write_table("practice_guidance", whole_table("practice_guidance", [pd.DataFrame(measured)]), guidance, version)


_GUIDANCE_COLUMNS = ("experiment", "method", "arm", "seed", "draw", "omega", "oversampling")
