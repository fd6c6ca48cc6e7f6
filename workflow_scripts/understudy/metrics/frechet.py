"""The Frechet distance between two samples of features: the FID, whatever space the features live in.

Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium", 2017,
equation 6. Figures of different feature extractors, or of different reference sizes, do not compare.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from understudy.metrics.features import check_features, check_same_space


@dataclass(frozen=True)
class Moments:
    """What a Frechet distance needs to know of a sample; worth keeping for a reference used many times.

    Attributes
    ----------
    count
        Images in the sample.
    mean
        fp64 [D].
    covariance
        fp64 [D, D], unbiased.
    shrinkage
        The weight in [0, 1] that Ledoit and Wolf's estimate gives to a multiple of the identity.

    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    shrinkage: float

    @property
    def rank_deficient(self) -> bool:
        """Whether the sample is too small for a covariance of full rank (N <= D)."""
        return self.count <= len(self.mean)

    def shrunk_covariance(self) -> np.ndarray:
        """(1 - s) C + s tr(C)/D I, fp64 [D, D], of full rank unless the features are constant."""
        dimensions = len(self.mean)
        identity = np.eye(dimensions) * (np.trace(self.covariance) / dimensions)
        return (1.0 - self.shrinkage) * self.covariance + self.shrinkage * identity


def feature_moments(features: np.ndarray, name: str = "image") -> Moments:
    """Mean and covariance of features of shape [N, D], N >= 2; `name` says whose in an error.

    Raises
    ------
    StudyError
        See `check_features`.

    """
    features = check_features(features, name, at_least=2)
    covariance = np.atleast_2d(np.cov(features, rowvar=False))
    return Moments(len(features), features.mean(axis=0), covariance, float(ledoit_wolf_shrinkage(features)))


def frechet_distance_of_moments(a: Moments, b: Moments) -> float:
    """|mu_a - mu_b|^2 + Tr(C_a + C_b - 2 (C_a C_b)^(1/2)): the squared Frechet distance of two Gaussians.

    Where either sample has no more images than dimensions, both covariances are shrunk (Ledoit and Wolf, 2004):
    the plain ones are then rank-deficient, and the directions in which a sample of 30 images does not vary at all
    would be held against it. Such a figure compares only with others of the same sample sizes.

    Raises
    ------
    StudyError
        The features have different numbers of dimensions.

    """
    check_same_space(a.mean, b.mean)
    if a.rank_deficient or b.rank_deficient:
        covariance_a, covariance_b = a.shrunk_covariance(), b.shrunk_covariance()
    else:
        covariance_a, covariance_b = a.covariance, b.covariance
    # With C = L L^T, Tr (C_a C_b)^(1/2) is the sum of the singular values of L_a^T L_b. Their squares are the
    # eigenvalues of the symmetrised product C_a^(1/2) C_b C_a^(1/2), but taking the root of those would turn a
    # rounding error of 1e-16 into 1e-8 in every direction that hardly varies.
    overlap = np.linalg.svd(_factor(covariance_a).T @ _factor(covariance_b), compute_uv=False).sum()
    shift = a.mean - b.mean
    distance = shift @ shift + np.trace(covariance_a) + np.trace(covariance_b) - 2.0 * overlap
    return max(float(distance), 0.0)


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return the squared Frechet distance of two samples of features, >= 0, in fp64 and without randomness.

    Parameters
    ----------
    features_a
        Floats [N, D], N >= 2.
    features_b
        Floats [M, D], M >= 2. Where N or M is at most D, the covariances are shrunk: see
        `frechet_distance_of_moments`.

    Raises
    ------
    StudyError
        See `check_features`; or D differs.

    """
    return frechet_distance_of_moments(feature_moments(features_a, "first"), feature_moments(features_b, "second"))


def _factor(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    # Directions without variance come out as rounding errors, of which a root would make something visible.
    values[values < values[-1] * len(values) * np.finfo(np.float64).eps] = 0.0
    return vectors * np.sqrt(values)
