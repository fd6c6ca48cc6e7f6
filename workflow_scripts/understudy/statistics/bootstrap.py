"""Resampling of runs; images are resampled through the covariance in `understudy.statistics.sampling_covariance`."""

import numpy as np

Array = np.ndarray


def bootstrap_choices(proxy: Array, draws: int, generator: np.random.Generator) -> tuple[Array, Array]:
    """Resample n runs with replacement and choose the best of each resample by `proxy` (float or int [n], low is good).

    Returns the resamples, int [draws, n], and the chosen runs, int [draws]; of equal proxies the first run is chosen.
    """
    n = len(proxy)
    resampled = generator.integers(n, size=(draws, n))
    order = np.argsort(proxy, kind="stable")
    place = np.empty(n, dtype=int)
    place[order] = np.arange(n)
    return resampled, order[place[resampled].min(axis=1)]
