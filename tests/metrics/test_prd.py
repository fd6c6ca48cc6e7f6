"""Total variations by clusters against closed forms, the reference procedure and their known noise floor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import MiniBatchKMeans

from understudy.errors import StudyError
from understudy.metrics.prd import (
    cluster_assignments,
    histograms,
    real_against_real,
    sampled_total_variation,
    total_variation,
)

counts = arrays(np.int64, 20, elements=st.integers(0, 50)).filter(lambda a: a.sum() > 0)


def total_variation_floor(images: int, clusters: int = 20) -> float:
    """sqrt((K - 1) / (pi N)): the TV of two large samples of one distribution, whose clusters are equal in size."""
    return float(np.sqrt((clusters - 1) / (np.pi * images)))


@settings(max_examples=30)
@given(counts, counts, counts)
def test_total_variation_is_a_metric_on_histograms(a, b, c):
    p, q, r = a / a.sum(), b / b.sum(), c / c.sum()
    assert total_variation(p, p) == 0
    assert total_variation(p, q) == total_variation(q, p)
    assert total_variation(p, q) == pytest.approx(1 - np.minimum(p, q).sum())  # what PRD calls precision at slope 1
    assert total_variation(p, r) <= total_variation(p, q) + total_variation(q, r) + 1e-12
    assert 0 <= total_variation(p, q) <= 1 + 1e-12


def mixture(random: np.random.Generator, images: int, fractions: list[float]) -> np.ndarray:
    """Well separated blobs on a line, the k-th with fraction k."""
    blob = random.choice(len(fractions), images, p=fractions)
    return 100.0 * blob[:, None] + random.normal(size=(images, 2))


def test_separated_mixtures_have_the_closed_form():
    random = np.random.default_rng(0)
    p, q = [0.5, 0.3, 0.2, 0.0], [0.2, 0.2, 0.2, 0.4]
    result = sampled_total_variation(mixture(random, 2000, p), mixture(random, 2000, q), 1, 2000, clusters=4, repeats=3)
    assert result.mean == pytest.approx(0.4, abs=0.03)
    assert result.ci_low - 1e-9 <= result.mean <= result.ci_high + 1e-9


def test_agrees_with_the_reference_procedure():
    """Against MiniBatchKMeans with ten restarts, as the paper's authors cluster: within the spread between runs."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(12, 16)) * 2
    a = centres[random.integers(12, size=500)] + random.normal(size=(500, 16))
    b = centres[random.choice(12, 500, p=random.dirichlet(np.full(12, 3.0)))] + random.normal(size=(500, 16))
    reference = []
    for seed in range(6):
        labels = MiniBatchKMeans(20, n_init=10, random_state=seed).fit(np.concatenate([a, b])).labels_
        reference.append(total_variation(histograms(labels[:500], 20), histograms(labels[500:], 20)))
    result = sampled_total_variation(a, b, 5, 500)
    assert abs(result.mean - np.mean(reference)) < 2 * np.std(reference)


def test_the_control_has_the_floor_of_equal_clusters():
    real = mixture(np.random.default_rng(4), 1001, [0.05] * 20)
    assert real_against_real(real, seed=0, repeats=20) == pytest.approx(total_variation_floor(500), rel=0.15)


def test_same_seed_same_clusters_and_other_seed_others():
    random = np.random.default_rng(5)
    a, b = random.normal(size=(300, 8)), random.normal(size=(200, 8))
    first, again, other = (cluster_assignments(a, b, seed=s, repeats=2) for s in (1, 1, 2))
    assert [part.shape for part in first] == [(2, 300), (2, 200)]
    for x, y in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, y)
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0][0], first[0][1])


def test_every_cluster_is_a_neighbourhood_of_its_mean():
    """Assignments are those of a k-means solution: nearly every image is nearest to the mean of its own cluster."""
    random = np.random.default_rng(6)
    sample = random.normal(size=(1000, 4))
    labels = np.concatenate(cluster_assignments(sample[:500], sample[500:], seed=0, repeats=1), axis=1)[0]
    means = np.stack([sample[labels == k].mean(axis=0) for k in range(20)])
    nearest = ((sample[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.9


def test_both_samples_are_cut_to_the_size_and_repeats_differ():
    random = np.random.default_rng(7)
    samples = random.normal(size=(300, 3)), random.normal(size=(2000, 3))
    result = sampled_total_variation(*samples, 0, 200, repeats=5)
    assert result.mean == pytest.approx(total_variation_floor(200), rel=0.4)
    assert result.ci_low < result.mean < result.ci_high
    assert result == sampled_total_variation(*samples, 0, 200, repeats=5)


def test_too_few_images_are_refused():
    few = np.random.default_rng(8).normal(size=(9, 3))
    with pytest.raises(StudyError, match="18 images can't form 20 clusters"):
        sampled_total_variation(few, few, 0, 9)
