"""PRD's clustering against the reference procedure: ten MiniBatchKMeans with ten restarts each.

Two samples of 2,000 images in 64 dimensions, of three shapes. Prints, for both, the time of ten clusterings, their
mean inertia, and the mean and spread of the total variation. Run: python benchmarks/benchmark_prd.py
"""

import platform
import time
from collections.abc import Callable

import numpy as np
import sklearn
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits

from understudy.metrics.prd import CLUSTERS, REPEATS, cluster_assignments, histograms, total_variation

IMAGES = 2000
DIMENSIONS = 64
ROUNDS = 5


def mixture(rng: np.random.Generator, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Rectified mixtures of Gaussians, as features of a network are, with unlike fractions in the two samples."""
    centres = rng.normal(size=(components, DIMENSIONS))
    widths = np.exp(0.5 * rng.normal(size=DIMENSIONS))
    fractions = rng.dirichlet(np.full(components, 3.0)), np.full(components, 1 / components)
    chosen = [rng.choice(components, IMAGES, p=p) for p in fractions]
    return tuple(np.maximum(centres[c] + widths * rng.normal(size=(IMAGES, DIMENSIONS)), 0) for c in chosen)


def reference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cluster as the paper's authors do; int64 [REPEATS, 2 N]."""
    both = np.concatenate([a, b])
    with threadpool_limits(1):
        return np.stack(
            [MiniBatchKMeans(CLUSTERS, n_init=10, random_state=s).fit(both).labels_ for s in range(REPEATS)]
        )


def ours(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cluster as the package does; int64 [REPEATS, 2 N]."""
    return np.concatenate(cluster_assignments(a, b, seed=0), axis=1)


def inertia(features: np.ndarray, labels: np.ndarray) -> float:
    """Sum of squared distances to the mean of the own cluster."""
    return sum(((part - part.mean(axis=0)) ** 2).sum() for k in range(CLUSTERS) if len(part := features[labels == k]))


def measure(name: str, cluster: Callable, a: np.ndarray, b: np.ndarray) -> float:
    """Print one line; return the least time of ROUNDS, in seconds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        labels = cluster(a, b)
        seconds.append(time.perf_counter() - start)
    inertias = [inertia(np.concatenate([a, b]), one) for one in labels]
    tv = total_variation(histograms(labels[:, :IMAGES], CLUSTERS), histograms(labels[:, IMAGES:], CLUSTERS))
    print(
        f"  {name:10} {min(seconds):6.3f} s   inertia {np.mean(inertias):9.0f}"
        f"   total variation {tv.mean():.4f} (sd {tv.std(ddof=1):.4f})"
    )
    return min(seconds)


def main() -> None:
    """Print the comparison for each shape of data."""
    print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, {platform.machine()}, one thread, n={ROUNDS}")
    rng = np.random.default_rng(0)
    gaussians = rng.normal(size=(IMAGES, DIMENSIONS)), 1.1 * rng.normal(size=(IMAGES, DIMENSIONS)) + 0.1
    for name, (a, b) in {
        "gaussian": gaussians,
        "10 modes": mixture(rng, 10),
        "40 modes": mixture(rng, 40),
    }.items():
        print(name)
        ratio = measure("reference", reference, a, b) / measure("understudy", ours, a, b)
        print(f"  {ratio:.1f} times faster")


if __name__ == "__main__":
    main()
