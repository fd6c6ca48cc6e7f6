import numpy as np
import pandas as pd
import pytest

from understudy.errors import StudyError
from understudy.statistics.sampling_covariance import error_covariance, stratified_covariance


def bootstrap_errors(wrong: np.ndarray, n_resamples: int, rng: np.random.Generator, strata: np.ndarray) -> np.ndarray:
    """Errors [draws, models] of models on resampled images, within strata: the plain way, image by image."""
    total = np.zeros((n_resamples, len(wrong)))
    for stratum in np.unique(strata):
        part = wrong[:, strata == stratum].astype(float)
        n = part.shape[1]
        total += rng.multinomial(n, np.full(n, 1 / n), size=n_resamples) @ part.T
    return total / wrong.shape[1]


def misses(models: int, images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    hardness = rng.random(images)
    wrong = hardness * 0.6 + rng.random((models, images)) * 0.6 > 0.8
    return wrong, np.sort(rng.integers(0, 4, images))


def test_covariance_is_the_textbook_formula():
    wrong, labels = misses(3, 60, 0)
    expected = np.zeros((3, 3))
    for label in np.unique(labels):
        part = wrong[:, labels == label].astype(float)
        n = part.shape[1]
        expected += (n / 60) ** 2 * np.cov(part) / n
    np.testing.assert_allclose(stratified_covariance(wrong, labels), expected, rtol=1e-12)


@pytest.mark.parametrize("stratified", [True, False])
def test_covariance_is_what_resampling_images_gives(stratified):
    wrong, labels = misses(4, 150, 1)
    strata = labels if stratified else np.zeros_like(labels)
    resampled = bootstrap_errors(wrong, 20_000, np.random.default_rng(2), strata)
    np.testing.assert_allclose(resampled.mean(axis=0), wrong.mean(axis=1), atol=1e-3)
    np.testing.assert_allclose(np.cov(resampled.T), stratified_covariance(wrong, strata), rtol=0.1, atol=2e-5)


def test_identical_models_never_differ():
    wrong, labels = misses(1, 100, 3)
    covariance = stratified_covariance(np.repeat(wrong, 2, axis=0), labels)
    assert covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1] == pytest.approx(0, abs=1e-15)
    assert covariance[0, 0] > 0


def predictions(**changes) -> pd.DataFrame:
    row = {"regime": "full", "run": "a-s0", "epoch": 3, "set": "test", "predicted": np.array([0, 1, 1, 0], np.int16)}
    other = row | {"epoch": 7, "predicted": np.array([0, 1, 1, 1], np.int16)}
    return pd.DataFrame([row, other | changes])


def snapshots(run: str, *epochs: int) -> pd.DataFrame:
    return pd.DataFrame({"regime": "full", "run": run, "epoch": epochs})


def test_nearest_kept_snapshot_lends_its_covariance():
    covariance = error_covariance(predictions(), np.array([0, 1, 0, 1]))
    assert covariance.nearest_rows(snapshots("a-s0", 3, 6, 7)).tolist() == [0, 1, 1]
    # Both miss one of two images of class 0, and the first one of two of class 1.
    np.testing.assert_allclose(covariance.covariance, np.array([[1, 0.5], [0.5, 0.5]]) / 8)
    means = covariance.of_means(snapshots("a-s0", 3, 7), np.full((1, 2), 0.5))
    np.testing.assert_allclose(means, covariance.covariance.mean())


def test_missing_and_short_predictions_are_named():
    covariance = error_covariance(predictions(), np.array([0, 1, 0, 1]))
    with pytest.raises(StudyError, match=r"run 'b-s0' .* has no predictions"):
        covariance.nearest_rows(snapshots("b-s0", 3))
    with pytest.raises(StudyError, match="run 'a-s0' has 4 predictions on set 'test', which has 5 images"):
        error_covariance(predictions(), np.zeros(5, int))
