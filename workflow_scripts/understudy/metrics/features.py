"""Feature arrays: checks that every metric makes, and subsamples of equal size."""

import numpy as np

from understudy.errors import StudyError


def check_features(features: np.ndarray, name: str, at_least: int = 1) -> np.ndarray:
    """Return the features as a finite fp64 array of shape [N, D]; `name` says whose they are in an error.

    Raises
    ------
    StudyError
        Not two-dimensional, no dimension at all, fewer than `at_least` rows, or a value that is not finite.

    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or features.shape[1] == 0:
        raise StudyError(f"{name} features: the shape is {features.shape}; [images, dimensions] is needed")
    if len(features) < at_least:
        raise StudyError(f"{name} features: {len(features)} images given, at least {at_least} are needed")
    if not np.isfinite(features).all():
        bad = int((~np.isfinite(features).all(axis=1)).sum())
        raise StudyError(f"{name} features: {bad} of {len(features)} images have NaN or infinite values")
    return features


def check_same_space(a: np.ndarray, b: np.ndarray) -> None:
    """Raise a StudyError unless the last axes of both arrays have the same length."""
    if a.shape[-1] != b.shape[-1]:
        raise StudyError(
            f"features of {a.shape[-1]} and {b.shape[-1]} dimensions can't be compared; "
            "take both from the same feature extractor"
        )


def stratified_sample(labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Sample images without replacement, classes in proportion: their indices, int64 [size], ascending.

    Parameters
    ----------
    labels
        int64 [N].
    size
        Images of the sample, 0 <= size <= N.

    """
    if not 0 <= size <= len(labels):
        raise StudyError(f"a sample of {size} images was asked of {len(labels)}; ask for at most {len(labels)}")
    # Shuffled and then sorted by label (stably), the images stand class after class; equal steps through that
    # row take images from each class in proportion, to within one.
    order = rng.permutation(len(labels))
    order = order[np.argsort(np.asarray(labels)[order], kind="stable")]
    steps = (np.arange(size) * len(labels) + rng.integers(len(labels))) // max(size, 1) % len(labels)
    return np.sort(order[steps])
