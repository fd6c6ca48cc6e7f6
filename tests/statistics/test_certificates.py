import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.statistics.certificates import (
    certified,
    one_sided_masses,
    restricted_total_variation,
    risk_differences,
)
from understudy.statistics.sampling_covariance import stratified_covariance

# Masses on A = {first wrong, second right}, B = {first right, second wrong} and the rest.
REAL, SYNTHETIC = np.array([0.30, 0.10, 0.60]), np.array([0.25, 0.15, 0.60])


def images(masses: np.ndarray, count: int) -> np.ndarray:
    """Misses [2, count] of two models with these masses, the rest right."""
    a, b, _ = (count * masses).round().astype(int)
    wrong = np.zeros((2, count), dtype=bool)
    wrong[0, :a] = True
    wrong[1, a : a + b] = True
    return wrong


def difference(wrong: np.ndarray) -> float:
    """Risk difference of the two models with these misses."""
    return risk_differences(wrong.mean(axis=1), np.zeros((2, 2)))[0].item()


@pytest.mark.parametrize("clusters_tell", [True, False])
def test_region_of_disagreement_attains_the_bound_and_ignores_the_rest(clusters_tell):
    wrong = [images(masses, 200) for masses in (REAL, SYNTHETIC)]
    # Whether or not clusters tell A from B; far from both, where the models agree, the distributions differ wildly.
    clusters = [np.where(w[0], 0, np.where(w[1], int(clusters_tell), 2)) for w in wrong]
    clusters[0][-40:] = 3
    masses = [one_sided_masses(w, c, 4) for w, c in zip(wrong, clusters, strict=True)]
    variation = restricted_total_variation(*masses)
    assert variation[0, 1] == variation[1, 0] == pytest.approx(0.05) and variation[0, 0] == 0
    assert difference(wrong[0]) - difference(wrong[1]) == pytest.approx(2 * variation[0, 1])
    whole = [np.bincount(c, minlength=4) / 200 for c in clusters]
    assert np.abs(whole[0] - whole[1]).sum() / 2 >= 0.199


def test_a_pair_of_distributions_attains_corollary_3_3():
    """The whole total variation is that of the region where exactly these masses sit: the bound is an equality."""
    wrong = [images(masses, 200) for masses in (REAL, SYNTHETIC)]
    variation = np.abs(REAL - SYNTHETIC).sum() / 2
    assert difference(wrong[0]) - difference(wrong[1]) == pytest.approx(2 * variation)
    # A smaller factor would certify an order that doesn't hold: synthetic 0.05 in favour, real 0.05 against.
    real, synthetic = (0.1, 0.15, 0.75), (0.15, 0.1, 0.75)
    gaps = [difference(images(np.array(masses), 200)) for masses in (real, synthetic)]
    assert np.sign(gaps[0]) != np.sign(gaps[1])
    whole = np.abs(np.subtract(real, synthetic)).sum() / 2
    assert abs(gaps[1]) > 0.9 * whole and not certified(np.array(gaps[1:]), np.zeros(1), 2 * whole)[0]


@given(
    st.lists(st.tuples(*[st.integers(0, 20)] * 2), min_size=3, max_size=3).filter(lambda m: all(np.sum(m, axis=0) > 0)),
    st.integers(0, 99),
)
def test_risk_differences_differ_by_two_variations_at_most(masses, seed):
    """Whatever the clusters."""
    counts = [np.array(column) for column in zip(*masses, strict=True)]
    wrong = [images(column / column.sum(), column.sum()) for column in counts]
    rng = np.random.default_rng(seed)
    regions = [one_sided_masses(w, rng.integers(0, 3, w.shape[1]), 3) for w in wrong]
    variation = restricted_total_variation(*regions)[0, 1]
    assert abs(difference(wrong[0]) - difference(wrong[1])) <= 2 * variation + 1e-6  # masses are float32


def test_disagreement_is_counted_image_by_image():
    rng = np.random.default_rng(0)
    wrong, clusters = rng.random((4, 50)) < 0.4, rng.integers(0, 3, 50)
    masses = one_sided_masses(wrong, clusters, 3)
    for k, i, j in np.ndindex(masses.shape):
        assert masses[k, i, j] == pytest.approx((wrong[i] & ~wrong[j])[clusters == k].sum() / 50)


def test_standard_error_is_mcnemars():
    rng = np.random.default_rng(1)
    wrong = rng.random((3, 300)) < np.array([[0.2], [0.3], [0.25]])
    differences, deviations = risk_differences(wrong.mean(axis=1), stratified_covariance(wrong, np.zeros(300, int)))
    for p, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
        a, b = (wrong[i] & ~wrong[j]).mean(), (~wrong[i] & wrong[j]).mean()
        assert differences[p] == pytest.approx(a - b)
        assert deviations[p] == pytest.approx(np.sqrt((a + b - (a - b) ** 2) / 299))


def test_sampling_error_stands_between_a_difference_and_its_certificate():
    differences = np.array([0.2, -0.2, 0.2, 0.05])
    deviations = np.array([0.01, 0.01, 0.06, 0.0])
    assert certified(differences, deviations, 0.1).tolist() == [True, True, False, False]
    assert not certified(differences, deviations, np.nan).any()
