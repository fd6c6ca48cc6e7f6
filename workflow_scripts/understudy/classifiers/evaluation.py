"""From weights and one set of images to error counts and predictions, for every snapshot of every run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.weights import WeightsFile, put_weights
from understudy.data.splits import image_halves
from understudy.errors import StudyError
from understudy.inference import predict
from understudy.selection.choices import chosen_snapshots
from understudy.selection.class_shares import TargetShares

RUN = ("family", "architecture", "seed", "run")


@dataclass(frozen=True)
class EvaluationKey:
    """Which runs are evaluated on which set: the first columns of the tables of an evaluation."""

    draw: int
    split: str
    regime: str
    set: str


class Evaluation:
    """What runs predict on one set.

    Parameters
    ----------
    weight_files : the runs' files, as `understudy.classifiers.weights` writes them
    last_only : predict with each run's last snapshot alone

    Attributes
    ----------
    predicted : classes int16 [N] by run and epoch. A run that failed before its first snapshot has none.

    """

    def __init__(
        self,
        weight_files: Sequence[Path],
        images: LabelledImages,
        key: EvaluationKey,
        device: torch.device,
        last_only: bool = False,
    ):
        self.files, self.images, self.key = [WeightsFile(path) for path in weight_files], images, key
        self._check_set()
        pixels = torch.from_numpy(np.ascontiguousarray(images.images)).to(device)
        self.predicted: dict[str, dict[int, np.ndarray]] = {}
        for file in self.files:
            epochs = file.epochs[-1:] if last_only else file.epochs
            self.predicted[file.record["run"]] = _predict_snapshots(file, pixels, epochs)

    def _check_set(self) -> None:
        name, given, labels = self.key.set, self.images.images.shape[1:], self.images.labels
        for file in self.files:
            if file.record.get("removed"):
                raise StudyError(
                    f"set {name}: the snapshots of epochs {file.record['removed']} were removed from {file.path} by "
                    f"clean_snapshots, so that no set can choose among them; delete {file.path.parent} to train them "
                    "anew"
                )
            wanted = (file.shape.channels, file.shape.size, file.shape.size)
            if given != wanted or file.shape.classes != self.images.classes:
                raise StudyError(
                    f"set {name}: images of shape {given} and {self.images.classes} classes, but {file.path} was "
                    f"trained on {wanted} and {file.shape.classes} classes; evaluate it on images of its own study"
                )
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.images.classes:
            raise StudyError(
                f"set {name}: labels from {labels.min()} to {labels.max()}; 0 to {self.images.classes - 1} are allowed"
            )

    def counts(self) -> pd.DataFrame:
        """Return the table `counts`: the errors of every snapshot, by class and half of the set."""
        labels, classes = self.images.labels, self.images.classes
        half = image_halves(labels)
        rows = [
            {**self._columns(file, epoch), **cell}
            for file in self.files
            for epoch, predicted in self.predicted[file.record["run"]].items()
            for cell in count_errors(predicted, labels, half, classes)
        ]
        return pd.DataFrame(rows, columns=[*self._keys(), "label", "half", "images", "errors"])

    def predictions(self, chosen: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the table `predictions`: those of each run's last snapshot and of the ``chosen`` ones."""
        choosers = {} if chosen is None else chosen.set_index(["run", "epoch"])["chosen_by"].to_dict()
        rows = []
        for file in self.files:
            run = file.record["run"]
            for epoch, predicted in self.predicted[run].items():
                chosen_by, is_last = list(choosers.get((run, epoch), [])), epoch == file.epochs[-1]
                if is_last or chosen_by:
                    row = {"is_last": is_last, "chosen_by": chosen_by, "predicted": predicted}
                    rows.append(self._columns(file, epoch) | row)
        return pd.DataFrame(rows, columns=[*self._keys(), "is_last", "chosen_by", "predicted"])

    def _columns(self, file: WeightsFile, epoch: int) -> dict:
        return asdict(self.key) | {key: file.record[key] for key in RUN} | {"epoch": epoch}

    def _keys(self) -> list[str]:
        return [*asdict(self.key), *RUN, "epoch"]


def _predict_snapshots(file: WeightsFile, pixels: Tensor, epochs: Sequence[int]) -> dict[int, np.ndarray]:
    """Predicted classes int16 [N] by epoch; the network is built once and the snapshots put into it in turn."""
    network = file.network().to(pixels.device)
    found = {}
    for epoch in epochs:
        put_weights(network, file.snapshot(epoch))
        found[epoch] = predict(lambda batch: network(batch).argmax(1), pixels, pixels.device).numpy().astype(np.int16)
    return found


def evaluate_runs(
    weight_files: Sequence[Path],
    images: LabelledImages,
    key: EvaluationKey,
    chosen: pd.DataFrame | None,
    device: torch.device,
    shares: TargetShares | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evaluate all snapshots of these runs on one set of images; return `counts` and `predictions`.

    Parameters
    ----------
    shares : what each class counts for where this set chooses; None: for its images
    chosen : None if this set itself chooses snapshots (validation, a generator's images). Otherwise the table
        `chosen_snapshots` of these runs: the set evaluated here (test) then has no say in what is kept.
    """
    evaluation = Evaluation(weight_files, images, key, device)
    counts = evaluation.counts()
    if chosen is None:
        chosen = chosen_snapshots(shares.add_to(counts) if shares else counts)
    return counts, evaluation.predictions(chosen)


def count_errors(predicted: np.ndarray, labels: np.ndarray, halves: np.ndarray, classes: int) -> list[dict]:
    """Images and errors of each class and half, as rows label, half, images, errors."""
    cell = 2 * labels.astype(np.int64) + halves
    images = np.bincount(cell, minlength=2 * classes)
    errors = np.bincount(cell, weights=predicted != labels, minlength=2 * classes).astype(np.int64)
    return [
        {"label": k // 2, "half": k % 2, "images": int(images[k]), "errors": int(errors[k])} for k in range(2 * classes)
    ]
