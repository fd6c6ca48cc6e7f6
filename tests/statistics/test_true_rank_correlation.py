import numpy as np
import pytest
from scipy import special

from understudy.statistics.sampling_covariance import stratified_covariance
from understudy.statistics.true_rank_correlation import LARGEST, Side, true_spearman


def measured(true: np.ndarray, images: int, rng: np.random.Generator) -> Side:
    hardness = np.sqrt(0.5) * rng.standard_normal(images)
    own = np.sqrt(0.5) * rng.standard_normal((len(true), images))
    wrong = hardness + own < special.ndtri(true)[:, None]
    return Side(wrong.mean(axis=1), stratified_covariance(wrong, np.arange(images) % 10))


def one_study(models: int, truth: float, images: int, rng: np.random.Generator) -> tuple[Side, Side]:
    rho = 2 * np.sin(np.pi / 6 * truth)
    first = rng.standard_normal(models)
    second = rho * first + np.sqrt(1 - rho**2) * rng.standard_normal(models)
    real = measured(np.clip(0.1 + 0.025 * first, 0.005, 0.9), images, rng)
    return real, measured(np.clip(0.13 + 0.0325 * second, 0.005, 0.9), images, rng)


# Coverage needs many simulated studies; `study_spearman_coverage.py` beside this file runs more.
@pytest.mark.slow
@pytest.mark.parametrize(("models", "studies", "truth"), [(17, 100, 0.0), (17, 100, 0.95), (170, 15, 0.7)])
def test_interval_covers_the_correlation_of_true_errors(models, studies, truth):
    rng = np.random.default_rng([models, round(100 * truth)])
    found = [true_spearman(*one_study(models, truth, 1000, rng), rng, n_resamples=100) for _ in range(studies)]
    covered = np.mean([result.low <= truth <= result.high for result in found])
    # 95 % less three standard errors of so few studies; a joint bootstrap of images and models reached 70 %.
    assert covered >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / studies) - 0.01
    assert np.mean([result.high - result.low for result in found]) < (1.2 if models == 17 else 0.4)


def test_bias_of_sampling_is_corrected():
    rng = np.random.default_rng(5)
    found = [true_spearman(*one_study(60, 0.9, 500, rng), rng, n_resamples=200) for _ in range(15)]
    # The measured correlations lie well below the truth, the corrected ones around it.
    assert np.mean([result.measured for result in found]) < 0.82
    assert np.median([result.corrected for result in found]) == pytest.approx(0.9, abs=0.05)


def test_perfect_agreement_without_sampling_error_reaches_the_end():
    errors = np.linspace(0.05, 0.3, 17)
    side = Side(errors, np.zeros((17, 17)))
    result = true_spearman(side, side, np.random.default_rng(0), n_resamples=100)
    assert result.measured == pytest.approx(1.0)
    assert result.high > LARGEST - 1e-9 and result.low > 0.9


def test_grouped_models_tell_less_than_unrelated_ones():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(8), 10)
    pair = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=8)[groups].T * 0.03 + 0.15
    sides = [Side(row + rng.normal(0, 0.004, 80), np.zeros((80, 80))) for row in pair]
    found = [true_spearman(*sides, np.random.default_rng(0), groups=g, n_resamples=200) for g in (None, groups)]
    widths = [result.high - result.low for result in found]
    assert widths[1] > 1.8 * widths[0]


def test_spread_that_sampling_explains_gives_no_number():
    rng = np.random.default_rng(1)
    # Models of one true error: on 200 images they seem to differ.
    flat = next(
        side
        for side in (measured(np.full(6, 0.2), 200, rng) for _ in range(50))
        if np.var(side.errors, ddof=1) < np.diag(side.covariance).mean() / 4
    )
    other = measured(np.linspace(0.05, 0.4, 6), 2000, rng)
    result = true_spearman(other, flat, rng, n_resamples=100)
    assert np.isnan(result.corrected) and (result.low, result.high) == (-1, 1)
    assert "the sampling of images explains all spread of the synthetic errors" in result.reason


def test_equal_errors_give_a_reason():
    side = Side(np.full(4, 0.1), np.eye(4) * 1e-4)
    result = true_spearman(side, side, np.random.default_rng(0), n_resamples=100)
    assert np.isnan(result.measured) and "same error" in result.reason
