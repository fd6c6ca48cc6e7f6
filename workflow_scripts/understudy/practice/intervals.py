"""The interval of a mean over the seeds of a practice study."""

import numpy as np
from scipy import stats

FRACTION = (0.0, 1.0)
"""The least and the largest accuracy."""


def mean_interval(values: np.ndarray, within: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
    """Return the ends of Student's 95 % interval of the mean over seeds; missing for fewer than two.

    ``within``: the least and the largest that a mean can be; the interval, which may reach beyond, is cut there.
    """
    if len(values) < 2:
        return np.nan, np.nan
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return max(values.mean() - half, within[0]), min(values.mean() + half, within[1])
