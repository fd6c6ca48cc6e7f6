"""The Frechet distance against closed forms, a slow reference, and its properties."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf

from understudy.errors import StudyError
from understudy.metrics.frechet import frechet_distance, gaussian_distance


def whitened(random: np.random.Generator, images: int, dimensions: int) -> np.ndarray:
    """Return a sample whose mean is exactly 0 and whose covariance is exactly the identity."""
    sample = random.normal(size=(images, dimensions))
    sample -= sample.mean(axis=0)
    return np.linalg.solve(np.linalg.cholesky(np.cov(sample, rowvar=False)), sample.T).T


@settings(max_examples=15)
@given(scale=st.floats(0.1, 10.0), shift=st.floats(-5.0, 5.0), seed=st.integers(0, 1000))
def test_scaled_and_shifted_gaussian_has_the_closed_form(scale, shift, seed):
    sample = whitened(np.random.default_rng(seed), 40, 5)
    expected = 5 * shift**2 + 5 * (scale - 1.0) ** 2
    assert frechet_distance(sample, scale * sample + shift) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_commuting_covariances_have_the_closed_form():
    deviations_a, deviations_b = np.array([1.0, 2.0, 0.5, 0.0]), np.array([3.0, 0.1, 0.5, 1.0])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
    covariances = [rotation @ np.diag(d**2) @ rotation.T for d in (deviations_a, deviations_b)]
    expected = ((deviations_a - deviations_b) ** 2).sum()
    distance = gaussian_distance(np.zeros(4), covariances[0], np.zeros(4), covariances[1])
    assert distance == pytest.approx(expected, rel=1e-9)


def test_equals_the_matrix_square_root():
    random = np.random.default_rng(1)
    a, b = random.normal(size=(300, 12)), random.normal(size=(200, 12)) @ random.normal(size=(12, 12)) + 0.3
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(covariance_a @ covariance_b).real
    shift = a.mean(axis=0) - b.mean(axis=0)
    expected = shift @ shift + np.trace(covariance_a + covariance_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), images=st.integers(2, 30), dimensions=st.integers(1, 12))
def test_symmetric_zero_on_itself_and_unmoved_by_rotation(seed, images, dimensions):
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(images, dimensions)), random.normal(size=(25, dimensions)) * 2 + 1
    distance = frechet_distance(a, b)
    rotation = np.linalg.qr(random.normal(size=(dimensions, dimensions)))[0]
    assert distance == pytest.approx(frechet_distance(b, a), rel=1e-8)
    assert distance == pytest.approx(frechet_distance(a @ rotation, b @ rotation), rel=1e-7)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-9)


def test_shrinkage_brings_small_samples_nearer_to_the_truth():
    """30 images of 64 dimensions against themselves' distribution: unshrunk, the missing directions cost 20 %."""
    random = np.random.default_rng(2)
    small, large = random.normal(size=(30, 64)), random.normal(size=(1000, 64))
    covariances = [np.cov(sample, rowvar=False) for sample in (small, large)]
    unshrunk = gaussian_distance(small.mean(axis=0), covariances[0], large.mean(axis=0), covariances[1])
    assert frechet_distance(small, large) < 0.3 * unshrunk
    # scikit-learn's covariance divides by N, ours by N - 1.
    shrunk = [len(sample) / (len(sample) - 1) * ledoit_wolf(sample)[0] for sample in (small, large)]
    expected = gaussian_distance(small.mean(axis=0), shrunk[0], large.mean(axis=0), shrunk[1])
    assert frechet_distance(small, large) == pytest.approx(expected)


def test_constant_features_are_not_an_error():
    assert frechet_distance(np.ones((10, 3)), np.ones((10, 3)) + 1) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.zeros((1, 3)), "at least 2"),
        (np.zeros(5), "images, dimensions"),
        (np.full((4, 3), np.nan), "4 of 4 images"),
        (np.zeros((4, 2)), "2 and 3 dimensions"),
    ],
)
def test_bad_features_are_named(features, message):
    with pytest.raises(StudyError, match=message):
        frechet_distance(features, np.random.default_rng(0).normal(size=(9, 3)))
