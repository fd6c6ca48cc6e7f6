"""Predictions: what each of many models said about each image of a set, as numbers of classes, checked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.ranking.label_numbers import Classes, check_different, class_count, label_numbers, true_labels
from understudy.ranking.names import model_names
from understudy.text import quoted, some

REAL_SETS = ("calibration", "test")
"""The sets of real images: what gives the calibration models' risks, and what judges the ranking."""


@dataclass(frozen=True)
class Predictions:
    """Predicted labels of N models on the I images of one set.

    Attributes
    ----------
    models
        N names, all different.
    predicted
        [N, I, k], the k best labels, best first, as int16 (int32 if there are more than 32,768 classes): a hundred
        thousand images of hundreds of models fit into memory.
    labels
        [I] of the same type, true labels in [0, classes).
    classes
        Number of classes, C.

    """

    models: tuple[str, ...]
    predicted: np.ndarray
    labels: np.ndarray
    classes: int

    def errors(self, top: int = 1) -> np.ndarray:
        """Return which images each model gets wrong, bool [N, I]: the true label is not among its `top` best.

        Raises
        ------
        StudyError
            The predictions hold fewer than `top` labels per image.

        """
        if not 1 <= top <= self.predicted.shape[2]:
            raise StudyError(
                f"top-{top} errors were asked of predictions with {self.predicted.shape[2]} labels per image; "
                "give predictions with more, or ask for less"
            )
        wrong = self.predicted[:, :, 0] != self.labels
        for rank in range(1, top):
            wrong &= self.predicted[:, :, rank] != self.labels
        return wrong

    def class_risks(self, top: int = 1) -> np.ndarray:
        """Return each model's fraction of wrong images in each class, fp64 [N, C]; NaN in a class without images."""
        counts = self.class_counts()
        present = np.flatnonzero(counts)
        by_class = self.errors(top)[:, np.argsort(self.labels, kind="stable")]
        risks = np.full((len(self.models), self.classes), np.nan)
        starts = (np.cumsum(counts) - counts)[present]
        risks[:, present] = np.add.reduceat(by_class, starts, axis=1, dtype=np.int64) / counts[present]
        return risks

    def class_counts(self) -> np.ndarray:
        """Return the number of images of each class, int64 [C]."""
        return np.bincount(self.labels, minlength=self.classes)

    def of_models(self, models: Sequence[str]) -> "Predictions":
        """Return the predictions of these models, in this order.

        Raises
        ------
        StudyError
            A name that the set doesn't have.

        """
        if tuple(models) == self.models:
            return self
        position = {name: i for i, name in enumerate(self.models)}
        unknown = [name for name in models if name not in position]
        if unknown:
            raise StudyError(f"models {some(unknown)} have no predictions here; there are {some(self.models)}")
        return Predictions(tuple(models), self.predicted[[position[m] for m in models]], self.labels, self.classes)

    def of_images(self, images: np.ndarray) -> "Predictions":
        """Return the predictions on these images: positions, or a mask."""
        return Predictions(self.models, self.predicted[:, images], self.labels[images], self.classes)


def make_predictions(
    models: Sequence[str],
    predicted: Sequence | np.ndarray,
    labels: Sequence | np.ndarray,
    classes: Classes,
    source: str = "predictions",
) -> Predictions:
    """Check everything and build `Predictions`.

    Parameters
    ----------
    models
        N names.
    predicted
        Labels [N, I], or [N, I, k] with the best first: numbers from 0, or names of classes. Whole numbers may come as
        floats.
    labels
        True labels likewise: [I], a column [I, 1], or one-hot [I, C].
    classes
        The number of classes, or their names in the order of their numbers; labels may then be names.
    source
        What to call the predictions in an error, a file's name for instance.

    Raises
    ------
    StudyError
        No models or images, duplicate models, models with differing numbers of images, NaN, labels out of range,
        unknown names of classes, scores instead of labels.

    """
    models = model_names(models, source)
    if len(models) == 0:
        raise StudyError(f"{source}: no models; give at least one")
    labels, count = true_labels(labels, classes, f"{source}: true labels"), class_count(classes)
    array = _rectangle(predicted, models, labels, source)
    needed = (len(models), len(labels))
    if array.ndim not in (2, 3) or array.shape[:2] != needed or 0 in array.shape:
        raise StudyError(
            f"{source}: predictions of shape {list(array.shape)} came with {needed[0]} names of models and {needed[1]} "
            f"true labels; expected [models, images], {list(needed)}, or [models, images, 5], {[*needed, 5]}, for "
            f"top-5: {shape_advice(array.shape, needed, count)}"
        )
    array = label_numbers(array, classes, f"{source}: predictions", models)
    array = array.reshape(*array.shape[:2], -1)
    if array.shape[2] > 1:
        check_different(array, f"{source}: predictions", models, count)
    return Predictions(tuple(models), array, labels, count)


def shape_advice(shape: Sequence[int], needed: tuple[int, int], count: int) -> str:
    """Say what to do about predictions of a shape that isn't the needed [models, images]."""
    if len(shape) in (2, 3) and tuple(shape[1::-1]) == needed:
        return "they seem transposed: save numpy.swapaxes(predicted, 0, 1)"
    if len(shape) == 3 and sorted(shape) == sorted((*needed, count)):
        return "they seem to be scores with the dimensions in another order: give labels, [models, images]"
    return "give every model one prediction, and one true label, for each image"


def _rectangle(predicted: Sequence | np.ndarray, models: list[str], labels: np.ndarray, source: str) -> np.ndarray:
    try:
        return np.asarray(predicted)
    except ValueError as error:
        for name, row in zip(models, predicted, strict=False):
            if len(row) != len(labels):
                raise StudyError(
                    f"{source}: model {quoted(name)} has {len(row)} predictions, but there are {len(labels)} true "
                    "labels; give every model one prediction for each image"
                ) from error
        raise StudyError(
            f"{source}: the numbers of labels per image differ between models; give all the same"
        ) from error


def candidate_predictions(rows: pd.DataFrame, labels: np.ndarray, classes: int) -> Predictions:
    """Return what the last snapshots of a study's candidates predict on one set.

    Parameters
    ----------
    rows
        Of table `predictions`, of one draw, split, regime and set.
    labels
        int64 [I], true labels in the order of the set's images.

    Raises
    ------
    StudyError
        No run has predictions, or a run's are not as many as the labels.

    """
    last = rows[rows["is_last"]].sort_values("run", kind="stable")
    return make_predictions(last["run"].tolist(), last["predicted"].tolist(), labels, classes, source="candidates")
