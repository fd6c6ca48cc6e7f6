import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from understudy.errors import StudyError
from understudy.statistics.rank_correlation import kendall, spearman

# Few distinct values, so that ties are common.
SAMPLES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=12)


@settings(max_examples=50)
@given(SAMPLES)
def test_correlations_are_scipys(pairs):
    first, second = np.array(pairs, dtype=float).T
    if np.ptp(first) > 0 and np.ptp(second) > 0:
        assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
        assert kendall(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)


def test_constant_side_is_missing_not_zero():
    for correlation in (spearman, kendall):
        assert np.isnan(correlation(np.ones(4), np.arange(4))) and np.isnan(correlation(np.arange(4), np.ones(4)))


def test_fewer_than_three_models_is_an_error():
    for correlation in (spearman, kendall):
        with pytest.raises(StudyError, match="at least 3 models, got 2"):
            correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
