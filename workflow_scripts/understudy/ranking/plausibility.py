"""Whether predictions from a file mean what they are read as, by their agreement with the true labels."""

import sys

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.names import some
from understudy.ranking.predictions import Predictions

SHARE_OF_MODELS = 0.9
"""How many of the models must be better if they are read another way, for all to be refused."""
LEAST_GAIN, LEAST_DEVIATIONS = 0.05, 4.0
"""By how much the mean accuracy over classes must rise then, and in how many standard deviations of its own."""


def check_plausible(predictions: Predictions, source: str) -> None:
    """Raise a StudyError if the predictions fit the true labels much better when they are read another way.

    Asked are three mistakes that raise no error elsewhere: the best label comes last; labels are shifted by one against
    the true ones; models and images change places where both are as many. Accuracy is the mean over classes: models
    that always give one class, on images of which most have the next, are bad models and no mistake of the file. Of
    single models that seem shifted or reversed a warning is printed.
    """
    predicted, labels, count = predictions.predicted, predictions.labels, predictions.classes
    weights = 1 / predictions.class_counts()[labels]
    weights /= weights.sum()
    best = predicted[:, :, 0]
    if predicted.shape[2] > 1:
        advice = f"the best label comes first: save {_reversed(predicted.shape[2], count)}"
        problem = "the last of the labels of an image is right more often than the first"
        _check(predictions, predicted[:, :, -1], labels, weights, f"{source}: {problem}", advice)
    for shift in (1, -1) if count > 2 else (1,):
        problem = f"predictions fit the true labels better if {abs(shift)} is {'added' if shift > 0 else 'subtracted'}"
        advice = "number both from 0 in the same order of classes"
        _check(predictions, best, (labels - shift) % count, weights, f"{source}: {problem}", advice, least_ratio=2)
    if best.shape[0] == best.shape[1]:
        _check_square(best, labels, source)


def _reversed(k: int, count: int) -> str:
    one_hot = ", or numpy.argmax(predicted, axis=2) if they are one-hot" if k == count == 2 else ""
    return f"predicted[:, :, ::-1]{one_hot}"


def _check(
    predictions: Predictions,
    other: np.ndarray,
    other_labels: np.ndarray,
    weights: np.ndarray,
    problem: str,
    advice: str,
    least_ratio: float = 1.0,
) -> None:
    """Compare the first labels with `other` ones [N, I] of `other_labels` [I]."""
    gains, accuracies, mean_gain = np.empty(len(other)), np.empty(len(other)), np.zeros(len(weights))
    for model, (first, second) in enumerate(zip(predictions.predicted[:, :, 0], other, strict=True)):
        right = first == predictions.labels
        gain = (second == other_labels).astype(np.int8) - right
        accuracies[model], gains[model] = weights @ right, weights @ gain
        mean_gain += gain
    mean_gain = weights * mean_gain / len(other)
    is_rare = mean_gain.sum() <= LEAST_GAIN or mean_gain.sum() < (least_ratio - 1) * accuracies.mean()
    if not is_rare and (gains > 0).mean() >= SHARE_OF_MODELS and _deviations(mean_gain) > LEAST_DEVIATIONS:
        raise StudyError(
            f"{problem}, by {mean_gain.sum():.0%} of the images on average over models and classes; {advice}"
        )
    names = [predictions.models[i] for i in np.flatnonzero((gains > 0.5) & (accuracies < 0.05))]
    if names and len(predictions.labels) >= 20:
        print(f"warning: {problem}, for {len(names)} models: {some(names)}; {advice}", file=sys.stderr)


def _deviations(gains: np.ndarray) -> float:
    return gains.sum() / max(np.sqrt((gains**2).sum()), 1e-300)


def _check_square(best: np.ndarray, labels: np.ndarray, source: str) -> None:
    """Ask which of two equal dimensions the images are."""
    by_image, by_model = (best == labels).mean(), (best == labels[:, None]).mean()
    if by_model - by_image > max(LEAST_GAIN, LEAST_DEVIATIONS * np.sqrt(by_model / best.size)):
        raise StudyError(
            f"{source}: as many models as images, and the predictions fit the true labels better if they are "
            "transposed, [images, models]; save predicted.T"
        )
    print(
        f"warning: {source}: as many models as images; each row of the predictions is taken for a model's ({by_image:.0%} "
        f"of them are right, {by_model:.0%} if each column were)",
        file=sys.stderr,
    )
