"""Jobs of the candidates: train a batch of runs, evaluate it on one set."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from understudy.checkpoints import checkpoint_folder
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.evaluation import evaluate_runs, predict_last
from understudy.classifiers.graphs import draw_graphs, graph_arguments
from understudy.classifiers.training import Run, train_runs
from understudy.classifiers.weights import WeightsFile, remove_snapshots
from understudy.data.shards import read_images
from understudy.data.splits import image_halves
from understudy.devices import resolve_device
from understudy.errors import StudyError
from understudy.files import read_json
from understudy.seeds import seed_for
from understudy.tables import read_table, read_tables, write_table


def write_graphs(settings: dict, study_seed: int, path: Path) -> None:
    """Draw the random graphs of a study, as :meth:`understudy.plan.Plan.graph_settings` describes them, as a table."""
    drawn = draw_graphs(
        settings["names"],
        study_seed,
        stages=settings["stages"],
        nodes=settings["nodes"],
        neighbours=settings["neighbours"],
        probability=settings["rewiring"],
    )
    write_table("graphs", drawn, path)


def train_batch(
    batch: dict,
    train: Path,
    classes: Path,
    graphs: Path | None,
    weights: Path,
    history: Path,
    *,
    checkpoints: Path,
    draw: int,
    split: str,
    regime: str,
    study_seed: int,
    device: str,
    version: int,
) -> None:
    """Train a batch of runs on the images in ``train``; write their weights into a folder, and their history.

    Checkpoints go last: whatever is killed before then is taken up again.

    Parameters
    ----------
    batch : dict
        As :meth:`understudy.plan.Plan.batch_parameters` gives it.
    graphs : Path or None
        The table of random graphs, where the batch has randomly wired networks.
    """
    drawn = read_table(graphs, "graphs") if graphs else None
    runs = []
    for name, settings in batch["architectures"].items():
        arguments = settings["arguments"] | (graph_arguments(drawn, name) if drawn is not None else {})
        entry = ArchitectureSettings.model_validate(settings | {"arguments": arguments})
        runs += [
            Run(
                name=f"{name}-s{number}",
                family=batch["family"],
                architecture=name,
                settings=entry,
                seed_number=number,
                seed=seed_for(study_seed, "run", draw, split, regime, name, number),
            )
            for number in batch["seeds"]
        ]
    data = read_images(train)
    inputs = [train, classes, *([graphs] if graphs else [])]
    place = checkpoint_folder(checkpoints, [batch, draw, split, regime, study_seed, version], inputs)
    table = train_runs(
        runs,
        data.images,
        data.labels,
        len(read_json(classes)["classes"]),
        snapshots=batch["snapshots"],
        folder=weights,
        checkpoints=place,
        device=resolve_device(device),
        seeds_per_block=batch["seed_block"],
    )
    write_table("history", table, history, version)
    shutil.rmtree(checkpoints)


def weights_of(folder: Path, history: Path) -> list[Path]:
    """Return the file of weights of each run that a batch's history names, in order of their names.

    Raises
    ------
    StudyError
        If a run's file is missing: without it a selection would go on among the others.
    """
    runs = sorted(read_table(history, "history", ["run"])["run"].unique())
    files = [folder / f"{run}.safetensors" for run in runs]
    missing = next((path for path in files if not path.exists()), None)
    if missing:
        raise StudyError(
            f"{missing}: a run's weights are missing; delete {folder} and run again to train its batch anew"
        )
    return files


def evaluate_batch(
    weights: Path,
    history: Path,
    images: Path,
    classes: Path,
    choices: Sequence[Path],
    counts: Path,
    predictions: Path,
    *,
    where: dict[str, int | str],
    device: str,
    version: int,
) -> None:
    """Evaluate a batch's runs on one set; write error counts and kept predictions.

    Parameters
    ----------
    weights, history : Path
        The folder of the runs' weights, and the table of their training.
    images : Path
        A file or a folder of shards.
    choices : sequence of Path
        Counts of the sets that choose snapshots. Empty where the set evaluated here itself chooses.
    where : dict
        The columns draw, split, regime and set.
    """
    data = read_images(images)
    counted, predicted = evaluate_runs(
        weights_of(weights, history),
        data.images,
        data.labels,
        len(read_json(classes)["classes"]),
        halves=image_halves(data.labels),
        where=where,
        choices=read_tables(choices, "counts") if choices else None,
        device=resolve_device(device),
    )
    write_table("counts", counted, counts, version)
    write_table("predictions", predicted, predictions, version)


def evaluate_on_calibration(
    weights: Sequence[Path],
    histories: Sequence[Path],
    images: Path,
    classes: Path,
    predictions: Path,
    *,
    where: dict[str, int | str],
    device: str,
    version: int,
) -> None:
    """Write what the last snapshots of many batches' runs predict on the calibration images.

    Parameters
    ----------
    weights, histories : sequence of Path
        Folders of weights and tables of training, one a batch.
    where : dict
        The columns draw, split, regime and set.
    """
    data = read_images(images)
    files = [path for batch in zip(weights, histories, strict=True) for path in weights_of(*batch)]
    count = len(read_json(classes)["classes"])
    rows = predict_last(files, data.images, data.labels, count, where=where, device=resolve_device(device))
    write_table("predictions", rows, predictions, version)


def clean_snapshots(
    batches: Sequence[tuple[int, str, str, str]], weights: Sequence[Path], predictions: Sequence[Path], table: Path
) -> None:
    """Remove the weights of snapshots that are neither a run's last nor chosen by any set; write what was removed.

    A run's file is replaced inside its folder, whose recorded time stays, so that nothing is trained or evaluated anew.

    Parameters
    ----------
    batches : sequence of tuple
        Draw, split, regime and batch of each folder in ``weights``.
    predictions : sequence of Path
        All `predictions` of the study: they were kept for just these snapshots.
    """
    columns = ["draw", "split", "regime", "run", "epoch"]
    wanted = read_tables(predictions, "predictions", columns).drop_duplicates()
    kept = wanted.groupby(columns[:-1])["epoch"].apply(set).to_dict()
    rows = []
    for (draw, split, regime, _), folder in zip(batches, weights, strict=True):
        for path in sorted(folder.glob("[!.]*.safetensors")):
            record = WeightsFile(path).record
            if record["epochs"]:
                # A run that failed before its first snapshot has no predictions.
                record = remove_snapshots(path, kept[draw, split, regime, record["run"]])
            removed = record.get("removed", [])
            rows.append(
                {
                    **{"draw": draw, "split": split, "regime": regime},
                    **{key: record[key] for key in ("family", "architecture", "seed", "run")},
                    "kept": record["epochs"],
                    "removed": removed,
                    # The snapshots of a run are equally large.
                    "bytes_removed": len(removed) * path.stat().st_size // max(1, len(record["epochs"])),
                }
            )
    write_table("removed_snapshots", pd.DataFrame(rows), table)
