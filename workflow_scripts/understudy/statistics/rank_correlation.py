"""Rank correlations over models, with an error for too few of them and NaN where one side is constant.

Ties get average ranks (Spearman) and Kendall's tau-b. Spearman's is Pearson's of SciPy's ranks, not
`scipy.stats.spearmanr`: that one rounds otherwise, and takes twice as long for a p-value that is not used. An interval
of `understudy.statistics.true_rank_correlation` compares the value with those of simulated studies, which it equals
exactly where models are few and tie, so that one bit moved an interval's end from 0.9993 to 1.
"""

import numpy as np
from scipy import stats

from understudy.errors import StudyError

Array = np.ndarray

MIN_MODELS = 3
"""A rank correlation of fewer models says nothing."""


def spearman(first: Array, second: Array) -> float:
    """Spearman's rank correlation over models, float [M] each; StudyError for fewer than `MIN_MODELS`."""
    if not _vary(first, second):
        return np.nan
    a, b = (ranks - ranks.mean() for ranks in (stats.rankdata(first), stats.rankdata(second)))
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def kendall(first: Array, second: Array) -> float:
    """Kendall's tau-b, as `spearman`."""
    return float(stats.kendalltau(first, second).statistic) if _vary(first, second) else np.nan


def _vary(first: Array, second: Array) -> bool:
    if len(first) < MIN_MODELS:
        raise StudyError(
            f"a rank correlation needs at least {MIN_MODELS} models, got {len(first)}: add architectures or seeds"
        )
    return bool(np.ptp(np.asarray(first)) > 0 and np.ptp(np.asarray(second)) > 0)
