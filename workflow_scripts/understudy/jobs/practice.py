"""Jobs of the practice study: the diffusion model, plain images made ahead, a variant's runs, their evaluation."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.checkpoints import Checkpoints, checkpoint_folder
from understudy.data.pixel_settings import PixelSettings
from understudy.data.shards import Images, read_images
from understudy.data.sources import load_known_classes
from understudy.devices import resolve_device
from understudy.files import read_json
from understudy.generators.batches import TrainingImages
from understudy.generators.denoisers import Denoiser, TrainedDenoiser, load_pretrained_diffusion
from understudy.generators.diffusion import train_diffusion
from understudy.generators.diffusion_settings import DiffusionSettings, PretrainedDiffusionSettings
from understudy.jobs.context import JobContext
from understudy.jobs.practice_tables import PARTS, whole_table
from understudy.practice.comparison_settings import GuidanceSettings, LearnerSettings, SamplingSettings
from understudy.practice.evaluation import evaluation_sets, measure_addition, score
from understudy.practice.loop import Sources
from understudy.practice.patience import PatienceSettings
from understudy.practice.pool import PlainPool, PoolSampling
from understudy.practice.results import run_variant
from understudy.practice.sampling import Sampler
from understudy.practice.steps import RunSettings
from understudy.practice.variants import SWEEP, Variant
from understudy.seeds import seed_for
from understudy.tables import read_table, write_table
from understudy.training_loop import train


def train_study_diffusion(
    settings: dict, subtrain: Path, classes: Path, model: Path, history: Path, context: JobContext
) -> None:
    """Train the diffusion model on the subtrain images, or on as many of them as the settings say."""
    chosen = DiffusionSettings(**settings)
    data = read_images(subtrain)
    # The part is in a stratified order: any beginning of it has the classes in proportion.
    used = data.take(np.arange(min(chosen.real_images or len(data.labels), len(data.labels))))
    parameters = [settings, context.draw, context.seed, context.version]
    work = checkpoint_folder(context.checkpoints, parameters, [subtrain, classes])
    n_classes, seed = len(read_json(classes)["classes"]), seed_for(context.seed, "diffusion", context.draw)
    device = resolve_device(context.device)
    training = TrainingImages(used.images, used.labels, n_classes)
    rows = train_diffusion(training, chosen, seed, model, work, device)
    write_table("diffusion_history", pd.DataFrame(rows), history, context.version)
    shutil.rmtree(context.checkpoints, ignore_errors=True)


def load_denoiser(settings: dict, model: Path | None, classes: Path, device: torch.device) -> Denoiser:
    """Load the study's trained model, or the pretrained one that ``settings`` name."""
    if model is not None:
        return TrainedDenoiser(model, device)
    return load_pretrained_diffusion(PretrainedDiffusionSettings(**settings), read_json(classes)["classes"], device)


def sample_plain_images(
    generator: dict,
    sampling: dict,
    part: tuple[int, int],
    model: Path | None,
    classes: Path,
    folder: Path,
    context: JobContext,
) -> None:
    """Make plain images of a seed, with the seconds that it took; ``part`` are the number of the first, and how many.

    Image i has class i modulo the number of classes and a seed of its own, whatever shard it is in.
    """
    number, device = int(context.wildcards["seed"]), resolve_device(context.device)
    files = [classes, model or PretrainedDiffusionSettings(**generator).class_file]
    parameters = [generator, sampling, *part, number, context.seed, context.version]
    work = checkpoint_folder(context.checkpoints, parameters, [file for file in files if file])
    sampler = Sampler(
        load_denoiser(generator, model, classes, device), SamplingSettings(**sampling), GuidanceSettings()
    )
    checkpoints = Checkpoints(work / "state")
    making = PoolSampling(sampler, *part, seed_for(context.seed, "practice", number), work / "images")
    if making.images.is_new:
        checkpoints.clear()  # what they count on is lost
    train(making, checkpoints, "plain images", "image")
    making.write(folder)
    shutil.rmtree(context.checkpoints, ignore_errors=True)


@dataclass(frozen=True)
class PracticeInputs:
    """The files that a variant's runs read.

    Attributes
    ----------
    subtrain, validation, models : sequences of Path
        One for each of the block's draws, in their order; no models where the generator is pretrained, or the variant
        makes no image itself.
    classes : Path
    pool : sequence of Path
        Shards of plain images, seed by seed.
    """

    subtrain: Sequence[Path]
    validation: Sequence[Path]
    classes: Path
    models: Sequence[Path]
    pool: Sequence[Path]

    def of_seed(self, seed: int, index: int) -> "PracticeInputs":
        """Return those of a seed whose draw is that of this index: a seed's shards lie in a folder of its number."""
        at = slice(index, index + 1)
        shards = [path for path in self.pool if path.parent.name == f"seed{seed}"]
        return PracticeInputs(self.subtrain[at], self.validation[at], self.classes, self.models[at], shards)

    @property
    def files(self) -> list[Path]:
        """All files; a shard's manifest holds the time that it took: images that were made again are others."""
        manifests = [shard / "manifest.json" for shard in self.pool]
        return [*self.subtrain, *self.validation, self.classes, *self.models, *manifests]

    def sources(self, parameters: dict, device: torch.device) -> Sources:
        """Read the images of a seed, and load the model that makes more of them."""
        sampler = None
        if "generator" in parameters:
            denoiser = load_denoiser(parameters["generator"], next(iter(self.models), None), self.classes, device)
            guidance = GuidanceSettings(**parameters.get("guidance", {}))
            sampler = Sampler(denoiser, SamplingSettings(**parameters["sampling"]), guidance)
        pool = PlainPool(self.pool) if self.pool else None
        n_classes = len(read_json(self.classes)["classes"])
        return Sources(read_images(self.subtrain), read_images(self.validation), n_classes, pool, sampler)


def run_practice(parameters: dict, inputs: PracticeInputs, outputs: dict[str, Path], context: JobContext) -> None:
    """Run one variant with a block of seeds.

    Parameters
    ----------
    parameters : dict
        As :meth:`understudy.practice.plan.PracticePlan.parameters` gives it.
    outputs : dict
        The folders ``weights`` and ``images`` and the tables ``runs``, ``history``, ``additions`` and ``hardness``.
    """
    variant, device = Variant(**parameters["arm"]), resolve_device(context.device)
    draws = sorted(set(parameters["draws"]))
    tables: dict[str, list[pd.DataFrame]] = {key: [] for key in PARTS}
    for number, draw in zip(parameters["seeds"], parameters["draws"], strict=True):
        mine = inputs.of_seed(number, draws.index(draw))
        sources = mine.sources(parameters, device)
        if variant.method == "real":
            variant = replace(variant, initial=len(sources.real.labels))
        settings = RunSettings(
            variant,
            LearnerSettings(**parameters["learner"]),
            PatienceSettings(**parameters["loop"]),
            seed_for(context.seed, "practice", number),
        )
        name = f"{variant.name}-s{number}"
        work = checkpoint_folder(context.checkpoints, [parameters, number, context.seed, context.version], mine.files)
        images = outputs["images"] / name if variant.samples else None
        found = run_variant(settings, sources, name, outputs["weights"], images, work, device)
        named = {"experiment": variant.experiment, "method": variant.method, "arm": variant.name}
        for key, table in found.items():
            tables[key].append(table.assign(**named, seed=number, draw=draw))
    outputs["images"].mkdir(parents=True, exist_ok=True)
    for key, frames in tables.items():
        write_table(f"practice_{key}", whole_table(f"practice_{key}", frames), outputs[key], context.version)
    shutil.rmtree(context.checkpoints, ignore_errors=True)


GUIDANCE_COLUMNS = ["experiment", "method", "arm", "seed", "draw", "omega", "oversampling"]


@dataclass(frozen=True)
class EvaluationInputs:
    """The files that an evaluation reads.

    Attributes
    ----------
    runs : sequence of Path
        Tables ``practice_runs``, beside which lie the weights, images and other tables of the same job.
    validation, test : sequences of Path
        Images by draw, as ``draws`` names them; no test files in a study that holds none out.
    classes : Path
    folders : mapping
        Shifted test sets by name.
    pixels : mapping
        What :class:`understudy.data.pixel_settings.PixelSettings` dumps: the shifted sets are read as the study's data.
    """

    runs: Sequence[Path]
    validation: Sequence[Path]
    test: Sequence[Path]
    classes: Path
    draws: Sequence[int]
    folders: Mapping[str, str | Path]
    pixels: Mapping

    def sets(self, draw: int, corruptions: Mapping[str, float], study_seed: int) -> dict[str, Images]:
        """Return the sets that the runs of a draw are scored on."""
        index, names = list(self.draws).index(draw), read_json(self.classes)["classes"]
        validation = read_images(self.validation[index])
        test = read_images(self.test[index]) if self.test else None
        _, channels, size, _ = validation.images.shape
        reading = PixelSettings(**self.pixels | {"size": size, "channels": channels})
        others = {name: load_known_classes(Path(path), names, reading) for name, path in self.folders.items()}
        return evaluation_sets(validation, test, corruptions, others, seed_for(study_seed, "corruptions", draw))


def evaluate_practice(
    inputs: EvaluationInputs, corruptions: Mapping[str, float], evaluation: Path, guidance: Path, context: JobContext
) -> None:
    """Score a block's runs on validation, test and shifted images; measure what guidance did to a sweep's images."""
    device = resolve_device(context.device)
    tables = [read_table(path, "practice_runs").assign(folder=path.parent) for path in inputs.runs]
    runs = pd.concat(tables, ignore_index=True)
    runs["weights"] = [row.folder / "weights" / f"{row.run}.safetensors" for row in runs.itertuples()]
    judges = runs[runs["method"] == "real"].set_index("seed")["weights"]
    scores, measured = [], []
    for draw in inputs.draws:
        mine = runs[runs["draw"] == draw]
        scores.append(score(mine["weights"], inputs.sets(draw, corruptions, context.seed), device))
        for row in mine[(mine["experiment"] == SWEEP) & (mine["method"] != "prune")].itertuples():
            additions = read_table(row.folder / "additions.parquet", "practice_additions").set_index("seed")
            images = row.folder / "images" / f"{row.arm}-s{row.seed}"
            found = measure_addition(images, judges.get(row.seed), device)
            found["seconds_per_image"] = additions.loc[row.seed, "seconds"] / found["images"]
            measured.append({column: getattr(row, column) for column in GUIDANCE_COLUMNS} | found)
    write_table("practice_evaluation", pd.concat(scores, ignore_index=True), evaluation, context.version)
    rows = whole_table("practice_guidance", [pd.DataFrame(measured)])
    write_table("practice_guidance", rows, guidance, context.version)
