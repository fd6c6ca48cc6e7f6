"""From weights and one data set to error counts and predictions, for every snapshot of every run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from understudy.classifiers.weights import WeightsFile, put_weights
from understudy.errors import StudyError
from understudy.selection.choices import best_snapshots

RUN = ("family", "architecture", "seed", "run")


def evaluate_runs(
    weight_files: Sequence[Path],
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    halves: np.ndarray,
    where: dict[str, int | str],
    choices: pd.DataFrame | None,
    device: torch.device,
    batch_size: int = 256,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evaluate all snapshots of these runs on one set of images.

    Parameters
    ----------
    images, labels : uint8 [N, C, H, W], and integers in 0..classes-1 [N].
    halves : 0 or 1 per image [N], the set's fixed halving.
    where : the columns draw, split, regime and set.
    choices : None if this set itself chooses snapshots (validation, a generator's images). Otherwise the `counts` of
        the sets that do, for these runs: the set evaluated here (test) then has no say in what is kept.

    Returns
    -------
    The `counts` of every snapshot, and the `predictions` of each run's last snapshot and of the chosen ones. A run that
    failed before its first snapshot has no rows.

    """
    files = [WeightsFile(path) for path in weight_files]
    _check_set(files, images, labels, classes, where["set"])
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    predicted = {file.record["run"]: _predict_snapshots(file, pixels, batch_size, file.epochs) for file in files}
    counts = pd.DataFrame(
        [
            {**where, **{key: file.record[key] for key in RUN}, "epoch": epoch, **cell}
            for file in files
            for epoch, classes_given in predicted[file.record["run"]].items()
            for cell in count_errors(classes_given, labels, halves, classes)
        ],
        columns=[*where, *RUN, "epoch", "label", "half", "images", "errors"],
    )
    chosen = best_snapshots(counts if choices is None else choices)
    choosers = chosen.groupby(["run", "epoch"])["set"].apply(sorted).to_dict()
    return counts, _kept_predictions(files, predicted, choosers, where)


def predict_last(
    weight_files: Sequence[Path],
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    where: dict[str, int | str],
    device: torch.device,
    batch_size: int = 256,
) -> pd.DataFrame:
    """Return the `predictions` of each run's last snapshot on one set, for the same parameters as `evaluate_runs`."""
    files = [WeightsFile(path) for path in weight_files]
    _check_set(files, images, labels, classes, where["set"])
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    predicted = {file.record["run"]: _predict_snapshots(file, pixels, batch_size, file.epochs[-1:]) for file in files}
    return _kept_predictions(files, predicted, {}, where)


def _check_set(files: list[WeightsFile], images: np.ndarray, labels: np.ndarray, classes: int, name: str) -> None:
    for file in files:
        if file.record.get("removed"):
            raise StudyError(
                f"set {name}: the snapshots of epochs {file.record['removed']} were removed from {file.path} by "
                f"clean_snapshots, so that no set can choose among them; delete {file.path.parent} to train them anew"
            )
        wanted = (file.shape.channels, file.shape.size, file.shape.size)
        if images.shape[1:] != wanted or file.shape.classes != classes:
            raise StudyError(
                f"set {name}: images of shape {images.shape[1:]} and {classes} classes, but {file.path} was trained "
                f"on {wanted} and {file.shape.classes} classes; evaluate it on images of its own study"
            )
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        raise StudyError(f"set {name}: labels from {labels.min()} to {labels.max()}; 0 to {classes - 1} are allowed")


@torch.inference_mode()
def _predict_snapshots(
    file: WeightsFile, pixels: Tensor, batch_size: int, epochs: Sequence[int]
) -> dict[int, np.ndarray]:
    """Predicted classes int16 [N] by epoch; the network is built once and the snapshots put into it in turn."""
    network = file.network().to(pixels.device)
    predictions = {}
    for epoch in epochs:
        put_weights(network, file.snapshot(epoch))
        # Batches small enough to stay in a core's cache between layers.
        parts = [network(batch).argmax(1) for batch in pixels.split(batch_size)]
        predictions[epoch] = torch.cat(parts).cpu().numpy().astype(np.int16)
    return predictions


def count_errors(predicted: np.ndarray, labels: np.ndarray, halves: np.ndarray, classes: int) -> list[dict]:
    """Images and errors of each class and half, as rows label, half, images, errors."""
    cell = 2 * labels.astype(np.int64) + halves
    images = np.bincount(cell, minlength=2 * classes)
    errors = np.bincount(cell, weights=predicted != labels, minlength=2 * classes).astype(np.int64)
    return [
        {"label": k // 2, "half": k % 2, "images": int(images[k]), "errors": int(errors[k])} for k in range(2 * classes)
    ]


def _kept_predictions(
    files: list[WeightsFile],
    predicted: dict[str, dict[int, np.ndarray]],
    choosers: dict[tuple[str, int], list[str]],
    where: dict,
) -> pd.DataFrame:
    """Rows of each run's last snapshot, and of those that `choosers` names the choosing sets of, by run and epoch."""
    rows = []
    for file in files:
        run = file.record["run"]
        for epoch in file.epochs:
            chosen_by = choosers.get((run, epoch), [])
            is_last = epoch == file.epochs[-1]
            if is_last or chosen_by:
                rows.append(
                    {
                        **where,
                        **{key: file.record[key] for key in RUN},
                        "epoch": epoch,
                        "is_last": is_last,
                        "chosen_by": chosen_by,
                        "predicted": predicted[run][epoch],
                    }
                )
    return pd.DataFrame(rows, columns=[*where, *RUN, "epoch", "is_last", "chosen_by", "predicted"])
