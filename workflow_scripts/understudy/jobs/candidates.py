"""Jobs of the candidates: train a batch of runs, evaluate it on one set, clean up."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from understudy.checkpoints import checkpoint_folder
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.evaluation import Evaluation, EvaluationKey, evaluate_runs
from understudy.classifiers.graphs import draw_graphs, graph_arguments
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.stack_training import Run
from understudy.classifiers.training import TrainingOptions, train_runs
from understudy.classifiers.weights import WeightsFile, remove_snapshots
from understudy.data.shards import read_images
from understudy.devices import resolve_device
from understudy.errors import StudyError
from understudy.files import read_json
from understudy.jobs.context import JobContext
from understudy.seeds import seed_for
from understudy.selection.class_shares import TargetShares
from understudy.tables import read_table, read_tables, write_table


def write_graphs(settings: Mapping, graphs: Path, context: JobContext) -> None:
    """Draw the random graphs of a study, as :meth:`understudy.plan.Plan.graph_settings` describes them, as a table."""
    write_table("graphs", draw_graphs(study_seed=context.seed, **settings), graphs)


def read_labelled(images: Path, classes: Path) -> LabelledImages:
    """Read images, a file or a folder of shards, and how many classes there are."""
    data = read_images(images)
    return LabelledImages(data.images, data.labels, len(read_json(classes)["classes"]))


def train_batch(
    batch: Mapping,
    train: Path,
    classes: Path,
    graphs: Path | None,
    weights: Path,
    history: Path,
    context: JobContext,
) -> None:
    """Train a batch of runs on the images in ``train``; write their weights into a folder, and their history.

    Checkpoints go last: whatever is killed before then is taken up again.

    Parameters
    ----------
    batch : mapping
        As :meth:`understudy.plan.Plan.batch_parameters` gives it.
    graphs : Path or None
        The table of random graphs, where the batch has randomly wired networks.
    """
    key = [context.draw, context.split, context.wildcards["regime"]]
    about = [dict(batch), *key, context.seed, context.version]
    files = [train, classes, *([graphs] if graphs else [])]
    options = TrainingOptions(
        snapshots=batch["snapshots"],
        seeds_per_block=batch["seed_block"],
        checkpoints=checkpoint_folder(context.checkpoints, about, files),
        device=resolve_device(context.device),
    )
    wiring = read_table(graphs, "graphs") if graphs else None
    runs = [
        Run(
            name=f"{name}-s{number}",
            family=batch["family"],
            architecture=name,
            settings=settings,
            seed_number=number,
            seed=seed_for(context.seed, "run", *key, name, number),
        )
        for name, settings in _architectures(batch, wiring).items()
        for number in batch["seeds"]
    ]
    table = train_runs(runs, read_labelled(train, classes), weights, options)
    write_table("history", table, history, context.version)
    shutil.rmtree(context.checkpoints)


def _architectures(batch: Mapping, wiring: pd.DataFrame | None) -> dict[str, ArchitectureSettings]:
    """Return the settings of a batch's architectures, the edges of random graphs among their arguments."""
    found = {}
    for name, settings in batch["architectures"].items():
        edges = graph_arguments(wiring, name) if wiring is not None else {}
        arguments = settings["arguments"] | edges
        found[name] = ArchitectureSettings.model_validate(settings | {"arguments": arguments})
    return found


def list_weights(folder: Path, history: Path) -> list[Path]:
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
    chosen: Path | None,
    shares: Path | None,
    outputs: Mapping[str, Path],
    context: JobContext,
) -> None:
    """Evaluate a batch's runs on one set; write error counts and kept predictions.

    Parameters
    ----------
    weights, history : Path
        The folder of the runs' weights, and the table of their training.
    images : Path
        A file or a folder of shards.
    chosen : Path or None
        The table `chosen_snapshots` of the batch. None where the set evaluated here itself chooses.
    shares : Path or None
        The table `class_shares` of the split, for a set that chooses.
    outputs : mapping
        The files of the tables `counts` and `predictions`.
    """
    wildcards = context.wildcards
    key = EvaluationKey(context.draw, context.split, wildcards["regime"], wildcards["set"])
    table = read_table(chosen, "chosen_snapshots") if chosen else None
    files, data = list_weights(weights, history), read_labelled(images, classes)
    targets = TargetShares(read_table(shares, "class_shares")) if shares else None
    tables = evaluate_runs(files, data, key, table, resolve_device(context.device), targets)
    for name, rows in zip(("counts", "predictions"), tables, strict=True):
        write_table(name, rows, outputs[name], context.version)


def evaluate_on_calibration(
    weights: Sequence[Path],
    histories: Sequence[Path],
    images: Path,
    classes: Path,
    predictions: Path,
    context: JobContext,
) -> None:
    """Write what the last snapshots of many batches' full runs predict on the calibration images.

    Parameters
    ----------
    weights, histories : sequence of Path
        Folders of weights and tables of training, one a batch.
    """
    key = EvaluationKey(context.draw, context.split, "full", "calibration")
    files = [path for batch in zip(weights, histories, strict=True) for path in list_weights(*batch)]
    data, device = read_labelled(images, classes), resolve_device(context.device)
    evaluation = Evaluation(files, data, key, device, last_only=True)
    write_table("predictions", evaluation.predictions(), predictions, context.version)


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
