"""PRD against a straightforward implementation of the paper, closed forms and its known noise floor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import MiniBatchKMeans

from understudy.errors import StudyError
from understudy.metrics.prd import (
    cluster_assignments,
    histograms,
    prd_curve,
    precision_recall,
    real_against_real,
    total_variation,
)

counts = arrays(np.int64, 20, elements=st.integers(0, 50)).filter(lambda a: a.sum() > 0)


def total_variation_floor(images: int, clusters: int = 20) -> float:
    """sqrt((K - 1) / (pi N)): the TV of two large samples of one distribution, whose clusters are equal in size."""
    return float(np.sqrt((clusters - 1) / (np.pi * images)))


def prd_by_the_paper(p: np.ndarray, q: np.ndarray, angles: int) -> tuple[list[float], list[float]]:
    """Sajjadi et al., theorem 2, one slope and one bin at a time."""
    precision, recall = [], []
    for i in range(angles):
        angle = 1e-10 + (np.pi / 2 - 2e-10) * i / (angles - 1)
        slope = np.sin(angle) / np.cos(angle)
        precision.append(sum(min(slope * a, b) for a, b in zip(p, q, strict=True)))
        recall.append(sum(min(a, b / slope) for a, b in zip(p, q, strict=True)))
    return precision, recall


@given(counts, counts)
def test_curve_equals_the_paper(a, b):
    p, q = a / a.sum(), b / b.sum()
    precision, recall = prd_curve(p, q, angles=101)
    expected_precision, expected_recall = prd_by_the_paper(p, q, angles=101)
    np.testing.assert_allclose(precision, expected_precision, atol=1e-9)
    np.testing.assert_allclose(recall, expected_recall, atol=1e-9)


@given(counts, counts)
def test_slope_one_gives_the_total_variation(a, b):
    p, q = a / a.sum(), b / b.sum()
    precision, recall = prd_curve(p, q)
    assert len(precision) == 1001
    assert 1 - precision[500] == pytest.approx(total_variation(p, q), abs=1e-9)
    assert recall[500] == pytest.approx(precision[500], abs=1e-9)


@given(counts, counts, counts)
def test_total_variation_is_a_metric_on_histograms(a, b, c):
    p, q, r = a / a.sum(), b / b.sum(), c / c.sum()
    assert total_variation(p, p) == 0
    assert total_variation(p, q) == total_variation(q, p)
    assert total_variation(p, r) <= total_variation(p, q) + total_variation(q, r) + 1e-12
    assert 0 <= total_variation(p, q) <= 1 + 1e-12


def mixture(random: np.random.Generator, images: int, shares: list[float]) -> np.ndarray:
    """Well separated blobs on a line, the k-th with share k."""
    blob = random.choice(len(shares), images, p=shares)
    return 100.0 * blob[:, None] + random.normal(size=(images, 2))


def test_separated_mixtures_have_the_closed_form():
    random = np.random.default_rng(0)
    p, q = [0.5, 0.3, 0.2, 0.0], [0.2, 0.2, 0.2, 0.4]
    result = precision_recall(mixture(random, 4000, p), mixture(random, 4000, q), seed=1, clusters=4, repeats=3)
    assert result.total_variation == pytest.approx(0.4, abs=0.03)
    assert result.recall.max() == pytest.approx(1.0, abs=0.01)  # all blobs of P occur in Q
    assert result.precision.max() == pytest.approx(0.6, abs=0.03)  # 40 % of Q lie where P has nothing
    assert result.ci_low - 1e-9 <= result.total_variation <= result.ci_high + 1e-9


def test_agrees_with_the_reference_procedure():
    """Against MiniBatchKMeans with ten restarts, as the paper's authors cluster: within the spread between runs."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(12, 16)) * 2
    a = centres[random.integers(12, size=1000)] + random.normal(size=(1000, 16))
    b = centres[random.choice(12, 1000, p=random.dirichlet(np.full(12, 3.0)))] + random.normal(size=(1000, 16))
    reference = []
    for seed in range(10):
        labels = MiniBatchKMeans(20, n_init=10, random_state=seed).fit(np.concatenate([a, b])).labels_
        reference.append(total_variation(histograms(labels[:1000], 20), histograms(labels[1000:], 20)))
    result = precision_recall(a, b, seed=5)
    assert abs(result.total_variation - np.mean(reference)) < 2 * np.std(reference)


def test_the_control_has_the_floor_of_equal_clusters():
    real = mixture(np.random.default_rng(4), 4000, [0.05] * 20)
    assert real_against_real(real, 1000, seed=0, repeats=30) == pytest.approx(total_variation_floor(1000), rel=0.15)


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
    sample = random.normal(size=(2000, 4))
    labels = np.concatenate(cluster_assignments(sample[:1000], sample[1000:], seed=0, repeats=1), axis=1)[0]
    means = np.stack([sample[labels == k].mean(axis=0) for k in range(20)])
    nearest = ((sample[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.9


def test_unequal_samples_are_cut_to_the_smaller():
    random = np.random.default_rng(7)
    result = precision_recall(random.normal(size=(300, 3)), random.normal(size=(5000, 3)), seed=0, repeats=5)
    assert result.images == 300
    assert result.total_variation == pytest.approx(total_variation_floor(300), rel=0.4)


def test_too_few_images_are_refused():
    few = np.random.default_rng(8).normal(size=(9, 3))
    with pytest.raises(StudyError, match="18 images can't form 20 clusters"):
        precision_recall(few, few, seed=0)
    with pytest.raises(StudyError, match="the smaller has 9"):
        precision_recall(few, few, seed=0, clusters=2, size=10)
    with pytest.raises(StudyError, match="need 10 real images; 9"):
        real_against_real(few, 5, seed=0, clusters=2)
