"""The total variation that precision and recall for distributions imply.

Sajjadi et al., "Assessing generative models via precision and recall", 2018. Both samples are clustered together;
P (reference) and Q (generated) are the fractions of their images in each cluster. Where precision and recall are equal,
both are 1 - TV(P, Q) (section 3.4). This TV never exceeds that of the distributions behind the samples, since binning
only loses differences; but two samples of N images of the same distribution are still about sqrt((K - 1) / (pi N))
apart over K clusters. No figure should stand without its real-against-real control.
"""

from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from understudy.errors import StudyError
from understudy.metrics.features import check_features, check_same_space
from understudy.seeds import numpy_generator, seed_for

CLUSTERS = 20
REPEATS = 10

# k-means first settles on a part of the images, with so many per cluster, then takes a few steps on all of them:
# as tight clusters as from all images throughout, for a fraction of the time.
IMAGES_PER_CLUSTER = 50
ITERATIONS_ON_PART = 10
ITERATIONS_ON_ALL = 4


class SampledTotalVariation(NamedTuple):
    """The total variation of two samples, over repeats that cluster and subsample anew.

    Attributes
    ----------
    mean
        In [0, 1].
    ci_low, ci_high
        The range that holds 95 % of the repeats. Repeats share their images: it does not cover how another sample
        would fall out, for which see the control.

    """

    mean: float
    ci_low: float
    ci_high: float


def total_variation(reference: np.ndarray, generated: np.ndarray) -> np.ndarray | float:
    """1/2 sum_w |P(w) - Q(w)| in [0, 1], over the last axis of two arrays of histograms [..., K]."""
    return 0.5 * np.abs(np.asarray(reference) - np.asarray(generated)).sum(axis=-1)


def cluster_assignments(
    reference: np.ndarray, generated: np.ndarray, seed: int, clusters: int = CLUSTERS, repeats: int = REPEATS
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster both samples together, `repeats` times; each repeat has its own seed.

    Returns
    -------
    tuple
        The clusters of the reference's images, int64 [repeats, N], and of the generated ones, int64 [repeats, M],
        in [0, clusters). They serve total variations restricted to some of the images as well.

    Raises
    ------
    StudyError
        See `check_features`; D differs; or there are fewer images than clusters.

    """
    features = _stack(reference, generated)
    if len(features) < clusters:
        raise StudyError(f"PRD: {len(features)} images can't form {clusters} clusters; ask for fewer clusters")
    labels = np.empty((repeats, len(features)), dtype=np.int64)
    # One thread: the order in which threads add up would change the last bits, and with them the clusters.
    with threadpool_limits(1):
        for repeat in range(repeats):
            labels[repeat] = _cluster(features, clusters, numpy_generator(seed_for(seed, "clusters", repeat)))
    return labels[:, : len(reference)], labels[:, len(reference) :]


def histograms(assignments: np.ndarray, clusters: int) -> np.ndarray:
    """Fractions of images in each cluster, fp64 [..., clusters], of assignments int64 [..., N]."""
    counts = (assignments[..., None] == np.arange(clusters)).sum(axis=-2)
    return counts / assignments.shape[-1]


def sampled_total_variation(
    reference: np.ndarray,
    generated: np.ndarray,
    seed: int,
    size: int,
    clusters: int = CLUSTERS,
    repeats: int = REPEATS,
) -> SampledTotalVariation:
    """Total variation of a generated sample [M, D] to a reference [N, D], both floats.

    Both samples are cut to `size` images, at most those of the smaller one, since unequal samples have unequal noise;
    each repeat takes its own subsamples, and clusters anew.

    Raises
    ------
    StudyError
        See `cluster_assignments`.

    """
    p, q = np.empty((2, repeats, clusters))
    for repeat in range(repeats):
        rng = numpy_generator(seed_for(seed, "subsample", repeat))
        parts = [_subsample(sample, size, rng) for sample in (reference, generated)]
        assigned = cluster_assignments(*parts, seed=seed_for(seed, "repeat", repeat), clusters=clusters, repeats=1)
        p[repeat], q[repeat] = (histograms(one[0], clusters) for one in assigned)
    distances = total_variation(p, q)
    return SampledTotalVariation(float(distances.mean()), *map(float, np.quantile(distances, [0.025, 0.975])))


def real_against_real(real: np.ndarray, seed: int, clusters: int = CLUSTERS, repeats: int = REPEATS) -> float:
    """Return the control: the mean TV of two halves of a sample of real images, halved anew for every repeat."""
    size, distances = len(real) // 2, []
    for repeat in range(repeats):
        order = numpy_generator(seed_for(seed, "control", repeat)).permutation(len(real))
        halves = real[order[:size]], real[order[size : 2 * size]]
        seed_of_repeat = seed_for(seed, "control repeat", repeat)
        distances.append(sampled_total_variation(*halves, seed_of_repeat, size, clusters, repeats=1).mean)
    return float(np.mean(distances))


def _stack(reference: np.ndarray, generated: np.ndarray) -> np.ndarray:
    reference, generated = check_features(reference, "reference"), check_features(generated, "generated")
    check_same_space(reference, generated)
    features = np.concatenate([reference, generated])
    # fp32 halves the time. A common offset would cost it digits in the distances, and goes first.
    return (features - features.mean(axis=0)).astype(np.float32)


def _subsample(sample: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    return sample if len(sample) == size else sample[rng.permutation(len(sample))[:size]]


def _cluster(features: np.ndarray, clusters: int, rng: np.random.Generator) -> np.ndarray:
    part = _subsample(features, min(len(features), IMAGES_PER_CLUSTER * clusters), rng)
    state = int(rng.integers(2**31))
    start = KMeans(clusters, n_init=1, max_iter=ITERATIONS_ON_PART, random_state=state).fit(part)
    full = KMeans(clusters, init=start.cluster_centers_, n_init=1, max_iter=ITERATIONS_ON_ALL)
    return full.fit(features).labels_
