"""The Frechet distance between two samples of features: the FID, whatever space the features live in.

Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", 2017,
equation 6. Figures of different feature extractors, or of different reference sizes, do not compare.
"""

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from understudy.metrics.features import check_features, check_same_space


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return the squared Frechet distance of two samples of features, >= 0, in fp64 and without randomness.

    Where either sample has no more images than dimensions, both covariances are shrunk (Ledoit and Wolf, 2004):
    the plain ones are then rank-deficient, and the directions in which a sample of 30 images does not vary at all
    would be held against it. Such a figure compares only with others of the same sample sizes.

    Parameters
    ----------
    features_a
        Floats [N, D], N >= 2.
    features_b
        Floats [M, D], M >= 2.

    Raises
    ------
    StudyError
        See `check_features`; or D differs.

    """
    samples = check_features(features_a, "first", at_least=2), check_features(features_b, "second", at_least=2)
    check_same_space(*samples)
    rank_deficient = min(map(len, samples)) <= samples[0].shape[1]
    covariances = [_covariance(features, shrunk=rank_deficient) for features in samples]
    return gaussian_distance(samples[0].mean(axis=0), covariances[0], samples[1].mean(axis=0), covariances[1])


def gaussian_distance(mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
                      ) -> float:  # fmt: skip
    """|mu_a - mu_b|^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)): the squared Frechet distance of two Gaussians."""
    # With C = L L^T, Tr (C_a C_b)^(1/2) is the sum of the singular values of L_a^T L_b. Their squares are the
    # eigenvalues of the symmetrised product C_a^(1/2) C_b C_a^(1/2), but taking the root of those would turn a
    # rounding error of 1e-16 into 1e-8 in every direction that hardly varies.
    overlap = np.linalg.svd(_factor(covariance_a).T @ _factor(covariance_b), compute_uv=False).sum()
    shift = mean_a - mean_b
    distance = shift @ shift + np.trace(covariance_a) + np.trace(covariance_b) - 2.0 * overlap
    return max(float(distance), 0.0)


def _covariance(features: np.ndarray, shrunk: bool) -> np.ndarray:
    """Return the unbiased covariance C, fp64 [D, D], or (1 - s) C + s tr(C)/D I with Ledoit and Wolf's weight s."""
    covariance = np.atleast_2d(np.cov(features, rowvar=False))
    if not shrunk:
        return covariance
    shrinkage = float(ledoit_wolf_shrinkage(features))
    identity = np.eye(len(covariance)) * (np.trace(covariance) / len(covariance))
    return (1.0 - shrinkage) * covariance + shrinkage * identity


def _factor(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    # Directions without variance come out as rounding errors, of which a root would make something visible.
    values[values < values[-1] * len(values) * np.finfo(np.float64).eps] = 0.0
    return vectors * np.sqrt(values)
