"""When a synthetic risk difference settles the order of two models on real data (theorem 3.2, corollary 3.3).

For models h1, h2 with labels f, A = {h1 wrong, h2 right}, B = {h1 right, h2 wrong}; their risk difference on a
distribution P is Delta_P = P(A) - P(B) (lemma 3.1). For real r and synthetic s with the same labelling function

    |Delta_r - Delta_s|  <=  integral over A u B of |r - s|  =  2 TV_{A u B}(r, s)  <=  2 TV(r, s),

with TV = (1/2) integral of |r - s|. So sign(Delta_r) = sign(Delta_s) where |Delta_s| > 2 TV. The factor 2 is needed
with this TV, which is the one that precision and recall for distributions estimate: r = (.30, .10, .60) and
s = (.25, .15, .60) on (A, B, rest) attain the bound.

What this can't promise: a total variation estimated from binned features is a lower bound of the true one, so a pair
certified by it is certified up to the binning; finite samples of equal distributions give a total variation above 0;
and a generator that mislabels images has another labelling function.
"""

import numpy as np
from scipy import stats

from understudy.statistics.intervals import LEVEL

Array = np.ndarray


def pair_indices(models: int) -> tuple[Array, Array]:
    """All pairs of M models: int [M(M-1)/2] each, the first before the second."""
    return np.triu_indices(models, k=1)


def risk_differences(errors: Array, covariance: Array) -> tuple[Array, Array]:
    """Risk difference of each pair and its paired standard error, float [pairs] each, in the order of `pair_indices`.

    The standard error rests on the images where exactly one of the two is wrong, as McNemar's test does: with the
    classes pooled, Var(Delta) = (P(A) + P(B) - (P(A) - P(B))^2) / (N - 1).

    Parameters
    ----------
    errors
        Float [M]: errors of the models on the same images.
    covariance
        Float [M, M]: their sampling covariance.
    """
    i, j = pair_indices(len(errors))
    variances = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
    return errors[i] - errors[j], np.sqrt(np.clip(variances, 0, None))


def certified(difference: Array, standard_error: Array, bound: Array | float) -> Array:
    """Whether |Delta_s| exceeds the bound 2 TV, its own sampling error allowed for: bool, the shape of `difference`.

    A bound that is NaN certifies nothing.
    """
    z = stats.norm.ppf(0.5 + LEVEL / 2)
    return np.abs(difference) - z * standard_error > bound


def one_sided_masses(wrong: Array, clusters: Array, count: int, weights: Array | None = None) -> Array:
    """Fraction of the images in each cluster that model i misses and model j has right: float32 [count, i, j].

    Parameters
    ----------
    wrong
        Bool [M, N]: whether model m misses image i.
    clusters
        Int [N] in [0, count): the cluster of each image's features.
    weights
        Floats [N]: what each image counts for, 1 on average; None: 1.
    """
    models, images = wrong.shape
    masses = np.zeros((count, models, models), dtype=np.float32)
    missed = wrong.sum(axis=0)
    # Where all models agree in correctness there is no pair to tell apart, and that is most images.
    parted = (missed > 0) & (missed < models)
    disputed = wrong[:, parted].T.astype(np.float32)  # [images, M]
    order = np.argsort(clusters[parted], kind="stable")
    sorted_images, ends = disputed[order], np.searchsorted(clusters[parted][order], np.arange(count + 1))
    counted = sorted_images if weights is None else sorted_images * weights[parted][order, None].astype(np.float32)
    for cluster in range(count):
        part = slice(ends[cluster], ends[cluster + 1])
        both = sorted_images[part].T @ counted[part]  # counts below 2^24: exact in fp32
        masses[cluster] = np.diag(both)[:, None] - both
    return masses / images


def restricted_total_variation(real: Array, synthetic: Array) -> Array:
    """TV_{A u B}(r, s) of each pair of models, from the `one_sided_masses` of both sets: float [M, M] in [0, 1].

    The bins are cluster x {A, B}. A and B must not be pooled: r and s may put equal masses on their union and different
    ones on each, which is what Delta_r - Delta_s consists of. So the binned sum bounds |Delta_r - Delta_s| as measured
    on these very images, whatever the clusters.
    """
    of_first = np.abs(real - synthetic).sum(axis=0)
    return (of_first + of_first.T) / 2
