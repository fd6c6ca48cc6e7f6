"""The interval of a mean over the seeds of a practice study."""

import numpy as np
from scipy import stats


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of Student's 95 % interval of the mean over seeds; missing for fewer than two."""
    if len(values) < 2:
        return np.nan, np.nan
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half
