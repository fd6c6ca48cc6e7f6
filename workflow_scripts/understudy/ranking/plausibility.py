"""Whether predictions from a file mean what they are read as, by their agreement with the true labels."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.predictions import Predictions
from understudy.text import some

FRACTION_OF_MODELS, MIN_FRACTION = 0.9, 0.5
"""How many of the models must be better if they are read another way, for all to be refused; half of them if the
classes that occur are shifted by one as well."""
MIN_GAIN, MIN_DEVIATIONS = 0.05, 4.0
"""By how much the mean accuracy over classes must rise then, and in how many standard deviations of its own."""
HARDLY_RIGHT = 0.05
"""Accuracy below which a single model is suspected."""


@dataclass(frozen=True)
class Reading:
    """Another way to read predictions.

    Attributes
    ----------
    best, labels
        Then a model's best labels [N, I], and the true labels [I].
    problem, advice
        What is wrong, and what to do, if this way fits better.
    min_ratio
        How many times as many images must be right then.
    min_fraction
        The share of the models that must be better then.

    """

    best: np.ndarray
    labels: np.ndarray
    problem: str
    advice: str
    min_ratio: float = 1.0
    min_fraction: float = FRACTION_OF_MODELS


def check_plausible(predictions: Predictions, source: str) -> None:
    """Raise a StudyError if the predictions fit the true labels much better when they are read another way.

    Asked are three mistakes that raise no error elsewhere: the best label comes last; labels are shifted by one against
    the true ones; models and images change places where both are as many. Accuracy is the mean over classes: models
    that always give one class, on images of which most have the next, are bad models and no mistake of the file. Of
    single models that seem shifted or reversed a warning is printed.
    """
    labels, best = predictions.labels, predictions.predicted[:, :, 0]
    if best.shape[0] == best.shape[1]:
        _check_square(best, labels, source)
    weights = 1 / predictions.class_counts()[labels]
    weights /= weights.sum()
    right = np.array([weights @ (row == labels) for row in best])
    # A model that is right on half of the images can't be right on more of them in another way.
    compared = right < (HARDLY_RIGHT if (right < 0.5).mean() < MIN_FRACTION else np.inf)
    if compared.any():
        for reading in _other_readings(predictions):
            _compare(reading, predictions, weights, right, np.flatnonzero(compared), source)


def _other_readings(predictions: Predictions) -> Iterator[Reading]:
    predicted, labels, count = predictions.predicted, predictions.labels, predictions.classes
    k = predicted.shape[2]
    if k > 1:
        problem = "the last of the labels of an image is right more often than the first"
        one_hot = ", or numpy.argmax(predicted, axis=2) if they are one-hot" if k == count == 2 else ""
        yield Reading(
            predicted[:, :, -1], labels, problem, f"the best label comes first: save predicted[:, :, ::-1]{one_hot}"
        )
    for shift in (1, -1) if count > 2 else (1,):
        problem = f"predictions fit the true labels better if 1 is {'added' if shift > 0 else 'subtracted'}"
        advice = "count the classes of both from 0, in one order"
        ends = (predicted[:, :, 0].min() + shift, predicted[:, :, 0].max() + shift)
        share = MIN_FRACTION if ends == (labels.min(), labels.max()) else FRACTION_OF_MODELS
        yield Reading(predicted[:, :, 0], (labels - shift) % count, problem, advice, min_ratio=2, min_fraction=share)


def _compare(
    reading: Reading, predictions: Predictions, weights: np.ndarray, right: np.ndarray, models: np.ndarray, source: str
) -> None:
    """Compare another reading with the given one, whose accuracy is `right` [N], for some of the models."""
    gains, of_images = np.full(len(right), -1.0), np.zeros(len(weights))
    for model in models:
        gain = (reading.best[model] == reading.labels).astype(np.int8)
        gain -= predictions.predicted[model, :, 0] == predictions.labels
        gains[model] = weights @ gain
        of_images += weights * gain / len(models)
    total, deviation = of_images.sum(), np.sqrt((of_images**2).sum())
    is_large = total > max(MIN_GAIN, (reading.min_ratio - 1) * right[models].mean())
    if is_large and (gains > 0).mean() >= reading.min_fraction and total > MIN_DEVIATIONS * deviation:
        raise StudyError(
            f"{source}: {reading.problem} (accuracy {right[models].mean():.0%}, then "
            f"{right[models].mean() + total:.0%}); {reading.advice}"
        )
    names = [predictions.models[i] for i in np.flatnonzero((gains > 0.5) & (right < HARDLY_RIGHT))]
    if names and len(weights) >= 20:
        problem = f"{reading.problem}, of {len(names)} models alone: {some(names)}"
        print(f"warning: {source}: {problem}; {reading.advice}", file=sys.stderr)


def _check_square(best: np.ndarray, labels: np.ndarray, source: str) -> None:
    """Ask which of two equal dimensions the images are, and say which is assumed where that is unclear."""
    by_row, by_column = (best == labels).mean(), (best == labels[:, None]).mean()
    certain = max(MIN_GAIN, MIN_DEVIATIONS * np.sqrt(max(by_row, by_column) / best.size))
    if by_column - by_row > certain:
        raise StudyError(
            f"{source}: as many models as images, and the predictions fit the true labels better if they are "
            "transposed; save predicted.T, [models, images]"
        )
    if by_row - by_column <= certain:
        print(
            f"warning: {source}: as many models as images; each row of predictions is taken for a model's "
            f"({by_row:.0%} of them are right, {by_column:.0%} if each column were)",
            file=sys.stderr,
        )
