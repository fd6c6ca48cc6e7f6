import numpy as np
import pandas as pd
import pytest
from scipy import stats

from understudy.statistics.intervals import (
    Estimate,
    between_variance,
    combine_draws,
    mean_over_units,
    paired_difference,
    rescaled,
    shrunken,
)
from understudy.statistics.sampling_covariance import ErrorCovariance, shared_images


def simulated(units: int, between: float, own: float, common: float, rng: np.random.Generator):
    """Values of units whose true values vary by `between`, and their sampling covariance."""
    covariance = own**2 * np.eye(units) + common**2
    true = rng.normal(0, between, units)
    return rng.multivariate_normal(true, covariance), covariance


@pytest.mark.parametrize("between", [0.0, 3.0])
def test_interval_of_a_mean_covers_with_and_without_variation_between_units(between):
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(500):
        low, high = mean_over_units(*simulated(8, between, 1.0, 0.7, rng)).interval()
        covered += low <= 0 <= high
    assert 0.915 <= covered / 500 <= 0.985


def test_variance_between_units_is_freed_of_sampling_error():
    rng = np.random.default_rng(1)
    groups = [simulated(5, 2.0, 1.0, 3.0, rng) for _ in range(400)]
    assert between_variance(groups) == pytest.approx(4.0, rel=0.15)
    equal = [simulated(5, 0.0, 1.0, 3.0, rng) for _ in range(400)]
    assert between_variance(equal) < 0.2


def test_equal_units_seldom_seem_to_vary():
    rng = np.random.default_rng(2)
    found = [between_variance([simulated(6, 0.0, 1.0, 0.5, rng)]) > 0 for _ in range(1000)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.025)


def test_one_unit_shows_no_variation():
    assert between_variance([(np.array([0.3]), np.eye(1))]) == 0
    estimate = mean_over_units(np.array([0.3]), np.array([[0.01]]))
    low, high = estimate.interval()
    assert (high - low) / 2 == pytest.approx(stats.norm.ppf(0.975) * 0.1)


def test_rescaling_keeps_the_mean_and_sets_the_spread():
    values = np.array([1.0, 2.0, 6.0])
    scaled = rescaled(values, 0.25)
    assert scaled.mean() == pytest.approx(3.0) and np.var(scaled, ddof=1) == pytest.approx(0.25)
    assert (rescaled(np.full(3, 2.0), 4.0) == 2.0).all()
    np.testing.assert_allclose(shrunken(values, np.eye(3) * 100), 3.0)


def test_few_units_widen_the_interval():
    wide = Estimate(0.0, 0.0, 1.0, 3).interval()[1]
    assert wide == pytest.approx(stats.t.ppf(0.975, 2))
    assert Estimate(0.0, 1.0, 0.0, 3).interval()[1] == pytest.approx(stats.norm.ppf(0.975))


def test_draws_share_images_but_not_runs():
    run = Estimate(0.1, 0.04, 0.09, 5)
    same = combine_draws([run, run, run])
    assert same.sampling_variance == pytest.approx(0.04) and same.between_variance == pytest.approx(0.03)
    shared = combine_draws([Estimate(0.1, 0.04, 0.09, 5, shared=True)] * 3)
    assert shared.between_variance == pytest.approx(0.09)
    # Each draw's five runs tell of their spread: 3 x 4 degrees of freedom.
    assert same.units == pytest.approx(13) and shared.units == pytest.approx(5)
    apart = combine_draws([Estimate(value, 0.0001, 0.0, 5) for value in (0.0, 1.0, 2.0)], overlap=0.0)
    assert apart.value == 1.0 and apart.between_variance == pytest.approx((1.0 - 0.0001) / 3)
    assert apart.units == pytest.approx(3, abs=1e-3)


def test_what_draws_share_does_not_hide_what_parts_them():
    """Three draws with the same architectures: mean + architectures + draw, each of variance 1 / 20 of the studies."""
    rng = np.random.default_rng(4)
    own = rng.normal(0, 0.2, (20_000, 3))
    values = rng.normal(0, 0.2, (20_000, 1)) + own
    found = [
        combine_draws([Estimate(v, 0.0, 0.04, 5, shared=True) for v in row]).between_variance for row in values[:2_000]
    ]
    assert np.mean(found) == pytest.approx(values.mean(axis=1).var(), rel=0.05)


def test_a_difference_has_its_own_sampling_variance_and_both_runs():
    found = paired_difference(Estimate(0.3, 0.04, 0.09, 5), Estimate(0.1, 0.04, 0.01, 3), 0.02)
    assert (found.value, found.sampling_variance, found.between_variance) == pytest.approx((0.2, 0.02, 0.1))
    assert found.units == pytest.approx(1 + 0.1**2 / (0.09**2 / 4 + 0.01**2 / 2))
    assert paired_difference(Estimate(0.3, 0.04, 0.0, 5), Estimate(0.1), 0.02).units == 0


@pytest.mark.parametrize("overlap", [0.0, 0.3, 1.0])
def test_sampling_variance_of_a_mean_over_draws_follows_their_common_images(overlap):
    rng = np.random.default_rng(0)
    covariance = 0.04 * (overlap + (1 - overlap) * np.eye(3))
    means = rng.multivariate_normal(np.zeros(3), covariance, 20_000).mean(axis=1)
    combined = combine_draws([Estimate(0.1, 0.04, 0.0)] * 3, overlap)
    assert combined.sampling_variance == pytest.approx(means.var(), rel=0.03)


def test_common_images_correlate_two_errors():
    def of(index):
        return ErrorCovariance(pd.DataFrame(), np.zeros((0, 0)), 100, index)

    parts = [of(np.arange(100)), of(np.arange(75, 175)), of(np.arange(175, 275))]
    assert shared_images(parts[:2]) == 0.25 and shared_images(parts) == pytest.approx(0.25 / 3)
    assert shared_images([of(np.arange(100)), of(np.arange(400))]) == pytest.approx(0.5)
    assert shared_images([parts[0], of(None)]) == 1 == shared_images(parts[:1])
