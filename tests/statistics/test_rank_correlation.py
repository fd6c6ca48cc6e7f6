import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from understudy.errors import StudyError
from understudy.statistics.rank_correlation import average_ranks, kendall, spearman

# Few distinct values, so that ties are common.
SAMPLES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=12)


@given(SAMPLES)
def test_ranks_and_correlations_are_scipys(pairs):
    first, second = np.array(pairs, dtype=float).T
    np.testing.assert_allclose(average_ranks(first), stats.rankdata(first))
    if np.ptp(first) > 0 and np.ptp(second) > 0:
        assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
        assert kendall(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)


def test_many_samples_at_once_are_the_single_ones():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 6, (2, 5, 9))
    together = spearman(first, second), kendall(first, second)
    for k in range(5):
        assert together[0][k] == pytest.approx(stats.spearmanr(first[k], second[k]).statistic)
        assert together[1][k] == pytest.approx(stats.kendalltau(first[k], second[k]).statistic)


def test_constant_side_is_missing_not_zero():
    assert np.isnan(spearman(np.ones(4), np.arange(4)))
    assert np.isnan(kendall(np.ones(4), np.arange(4)))


@pytest.mark.parametrize("correlation", [spearman, kendall])
def test_fewer_than_three_models_is_an_error(correlation):
    with pytest.raises(StudyError, match="at least 3 models, got 2"):
        correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
