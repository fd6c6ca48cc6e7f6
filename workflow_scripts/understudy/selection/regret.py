"""Regret: how much worse an entry is than the best of its kind, with an interval that knows the best is uncertain."""

import numpy as np
from scipy import stats

from understudy.statistics.intervals import LEVEL

Array = np.ndarray


def regret_interval(differences: Array, variances: Array, *, among: bool = True) -> tuple[float, float, float]:
    """Return (regret, low, high) of a selected entry against the best of E entries.

    The regret is R = max_j d_j, where d_j is the selected entry's error less entry j's, float [E], measured with
    variance `variances`, float [E]. The smallest of many measured errors is partly luck, so the plain interval around
    R is wrong. Valid bounds: some fixed entry is truly best, hence R <= max_j (d_j + z s_j) with the ordinary quantile
    z; and R >= max_j (d_j - c s_j) where c holds for all entries at once (Sidak's inequality). Both are cut at 0 where
    the selected entry is `among` the entries or their mean, as R >= 0 then.
    """
    deviations = np.sqrt(np.clip(variances, 0, None))
    tail = 0.5 + LEVEL / 2
    ordinary = stats.norm.ppf(tail)
    simultaneous = stats.norm.ppf(tail ** (1 / len(differences)))
    lowest = 0.0 if among else -np.inf
    low = max(float(np.max(differences - simultaneous * deviations)), lowest)
    high = max(float(np.max(differences + ordinary * deviations)), lowest)
    return float(np.max(differences)), low, high
