"""What classes count for in a ranking, where they don't count for their images."""

from dataclasses import dataclass

import numpy as np

from understudy.errors import StudyError
from understudy.ranking.predictions import Predictions
from understudy.statistics.class_weights import class_weights

Array = np.ndarray


@dataclass(frozen=True)
class Targets:
    """What each class counts for, floats [C] each.

    Attributes
    ----------
    synthetic
        On synthetic sets; None: for its share of the real images that calibrate, or, without such, for its images.
    real
        On real sets; None: for its images.
    metric
        What the errors are, for tables.

    """

    synthetic: Array | None = None
    real: Array | None = None
    metric: str = "error"

    def of_classes(self, present: Array) -> "Targets":
        """Return the same for the classes that are left, bool [C].

        Raises
        ------
        StudyError
            They count for nothing.

        """
        kept = [None if shares is None else shares[present] for shares in (self.synthetic, self.real)]
        if any(shares is not None and shares.sum() == 0 for shares in kept):
            raise StudyError(
                "selection.class_shares: the classes that all sets have images of count for nothing; give one of them "
                "a share above 0"
            )
        return Targets(*(None if shares is None else shares / shares.sum() for shares in kept), self.metric)


def image_weights_for(shares: Array | None, labels: Array, classes: int) -> Array:
    """Return what each image counts for, 1 on average, fp64 [I]."""
    if shares is None:
        return np.ones(len(labels))
    return class_weights(np.bincount(labels, minlength=classes), shares)[labels]


def risks(predictions: Predictions, top: int, shares: Array | None) -> Array:
    """Return each model's error where classes count for `shares`, fp64 [N]; None: the plain mean over images."""
    errors = predictions.errors(top)
    weights = image_weights_for(shares, predictions.labels, predictions.classes)
    if (weights == 1).all():
        return errors.mean(axis=1)
    return (errors @ weights / errors.shape[1]).round(12)  # equal sums of weights tie
