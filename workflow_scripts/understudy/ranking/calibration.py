"""What a calibration is: an estimate of real risk from a model's errors on synthetic images, weighted one by one."""

from dataclasses import dataclass

import numpy as np

from understudy.errors import StudyError


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
        """Estimate the risks, floats [T], of T models from their errors on the synthetic images, [T, I] of 0 and 1.

        Computed in the errors' own precision where they are floats.
        """
        kind = errors.dtype if np.issubdtype(errors.dtype, np.floating) else np.dtype(np.float64)
        return errors.astype(kind, copy=False) @ self.weights.astype(kind) + kind.type(self.intercept)


def uncalibrated(images: int) -> Calibration:
    """Return the plain synthetic risk: every image has the same weight."""
    return Calibration(np.full(images, 1.0 / images), 0.0)


def class_shares(real_images: np.ndarray | None, classes: int) -> np.ndarray:
    """Return what each class counts for in the risk that is estimated, fp64 [C] of sum 1.

    That is the share of the real images, int [C] by class, that are of it; without numbers all classes count alike.
    """
    return np.full(classes, 1.0 / classes) if real_images is None else real_images / real_images.sum()


def check_calibration_models(errors: np.ndarray, risks: np.ndarray) -> None:
    """Refuse errors [M, I] and risks [M, ...] that can't calibrate.

    Raises
    ------
    StudyError
        Fewer than two models, different numbers of models, or a risk that is NaN or outside [0, 1].

    """
    if len(errors) != len(risks):
        raise StudyError(f"calibration: errors of {len(errors)} models came with real risks of {len(risks)}")
    if len(errors) < 2:
        raise StudyError(f"calibration: {len(errors)} calibration models were given; at least 2 are needed")
    if not ((risks >= 0) & (risks <= 1)).all():
        raise StudyError("calibration: a real risk is NaN or outside [0, 1]; give fractions of wrong images")
