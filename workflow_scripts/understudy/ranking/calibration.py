"""What a calibration is: an estimate of real risk from a model's errors on synthetic images, weighted one by one."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from understudy.errors import StudyError
from understudy.statistics.class_weights import class_weights, effective_images


@dataclass(frozen=True)
class CalibrationData:
    """What M calibration models tell of I synthetic images of C classes.

    Attributes
    ----------
    errors
        [M, I] of 0 and 1: whether each model gets each synthetic image wrong.
    labels
        int [I] in [0, C); every class needs an image.
    class_risks
        Floats [M, C] in [0, 1]: real risk of each model in each class.
    real_images
        int [C]: on how many real images of each class these were counted.
    shares
        Floats [C]: what each class counts for in the plain error on the synthetic images; None: as in the real risk.
    real_shares
        Floats [C]: what each class counts for in the real risk; None: its fraction of the real images.

    Raises
    ------
    StudyError
        Fewer than two models, different numbers of models, a risk that is NaN or outside [0, 1], a class without
        images, or labels of more classes.

    """

    errors: np.ndarray
    labels: np.ndarray
    class_risks: np.ndarray
    real_images: np.ndarray
    shares: np.ndarray | None = None
    real_shares: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse what can't calibrate."""
        models, risks = len(self.errors), self.class_risks
        if models != len(risks):
            raise StudyError(f"calibration: errors of {models} models came with real risks of {len(risks)}")
        if models < 2:
            raise StudyError(f"calibration: {models} calibration models were given; at least 2 are needed")
        if not ((risks >= 0) & (risks <= 1)).all():
            raise StudyError("calibration: a real risk is NaN or outside [0, 1]; give fractions of wrong images")
        counts, classes = self.synthetic_images, risks.shape[1]
        if len(counts) > classes or (counts == 0).any():
            empty = np.flatnonzero(counts[:classes] == 0).tolist()
            raise StudyError(
                f"calibration: real risks of {classes} classes were given, synthetic images of {len(counts)}; "
                f"without images: {empty}; generate images of every class, or drop those classes from both"
            )

    @cached_property
    def synthetic_images(self) -> np.ndarray:
        """How many synthetic images each class has, int64 [C]."""
        return np.bincount(self.labels, minlength=self.class_risks.shape[1])

    @property
    def class_fractions(self) -> np.ndarray:
        """What each class counts for in the risk that is estimated, fp64 [C]."""
        return self.real_images / self.real_images.sum() if self.real_shares is None else self.real_shares

    @property
    def effective_images(self) -> float:
        """How many real images of equal weight tell as much as these."""
        images = self.real_images
        return effective_images(images, class_weights(images, self.class_fractions))

    @cached_property
    def image_weights(self) -> np.ndarray:
        """What each synthetic image counts for in the plain error, 1 on average, fp64 [I]."""
        shares = self.class_fractions if self.shares is None else self.shares
        return class_weights(self.synthetic_images, shares)[self.labels]


@dataclass(frozen=True)
class Calibration:
    """An estimate of real risk that is linear in a model's synthetic errors.

    Attributes
    ----------
    weights
        fp64 [I], one per synthetic image.
    intercept
        Added to the weighted sum of errors.

    """

    weights: np.ndarray
    intercept: float

    def estimate(self, errors: np.ndarray) -> np.ndarray:
        """Estimate the risks, fp64 [T], of T models from their errors on the synthetic images, [T, I] of 0 and 1."""
        return np.asarray(errors, dtype=np.float64) @ self.weights + self.intercept


def uncalibrated(weights: np.ndarray) -> Calibration:
    """Return the plain synthetic risk, in which images count for these weights, 1 on average, fp64 [I]."""
    return Calibration(weights * (1.0 / len(weights)), 0.0)
