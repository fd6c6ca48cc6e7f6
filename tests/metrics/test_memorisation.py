"""Memorisation against exact copies, honest samples and a brute-force search."""

import numpy as np
import pytest

from understudy.errors import StudyError
from understudy.metrics.memorisation import (
    closest_pairs,
    nearest,
    nearest_train_excess,
    nearest_train_excess_of_real,
)


def sample(seed: int, images: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(images, 6))


def test_nearest_equals_brute_force_far_from_the_origin():
    queries, references = sample(0, 50) + 1e4, sample(1, 30) + 1e4
    exact = np.sqrt(((queries[:, None] - references) ** 2).sum(axis=2))
    indices, distances = nearest(queries, references)
    np.testing.assert_array_equal(indices, exact.argmin(axis=1))
    np.testing.assert_allclose(distances, exact.min(axis=1), rtol=1e-6)


def test_a_copier_has_the_greatest_excess_and_an_honest_generator_none():
    train, held_out = sample(2, 1000), sample(3, 200)
    copies = train[::2] + 1e-3
    assert nearest_train_excess(copies, train, held_out, seed=0) < 0.5  # a block of train holds few of the copied
    assert nearest_train_excess(copies, train, sample(4, 1000), seed=0) == 0.5
    assert nearest_train_excess(copies, train, held_out, seed=0) > 0.05
    assert abs(nearest_train_excess(sample(5, 2000), train, held_out, seed=0)) < 0.05
    assert nearest_train_excess(held_out[:100], train, held_out, seed=0) < -0.4


def test_excess_equals_brute_force_for_equal_references():
    generated, train, held_out = sample(6, 40), sample(7, 25), sample(8, 25)
    to_train = ((generated[:, None] - train) ** 2).sum(axis=2).min(axis=1)
    to_held_out = ((generated[:, None] - held_out) ** 2).sum(axis=2).min(axis=1)
    expected = (to_train < to_held_out).mean() - 0.5
    assert nearest_train_excess(generated, train, held_out, seed=0) == pytest.approx(expected)


def test_ties_count_one_half():
    same = sample(9, 20)
    assert nearest_train_excess(sample(10, 30), same, same, seed=0) == 0.0


def test_control_is_near_zero_for_one_distribution_and_not_for_two():
    train, held_out = sample(11, 1000), sample(12, 600)
    assert abs(nearest_train_excess_of_real(train, held_out, seed=0)) < 0.07
    assert nearest_train_excess_of_real(train + 3.0, held_out, seed=0) < -0.4
    with pytest.raises(StudyError, match="1 held-out images can't be halved"):
        nearest_train_excess_of_real(train, held_out[:1], seed=0)


def test_closest_pairs_are_the_copies_nearest_first():
    train, generated = sample(13, 100), sample(14, 50)
    generated[7], generated[3] = train[42] + 1e-3, train[5] + 1e-4
    pairs = closest_pairs(generated, train, sample(15, 100))
    assert len(pairs.generated) == 16 and pairs.generated[:2].tolist() == [3, 7]
    assert pairs.train[:2].tolist() == [5, 42] and (np.diff(pairs.distance) >= 0).all()
    np.testing.assert_allclose(pairs.distance[:2], np.sqrt(6) * np.array([1e-4, 1e-3]), rtol=1e-3)
    np.testing.assert_allclose(pairs.distance_held_out, nearest(generated[pairs.generated], sample(15, 100))[1])
    assert np.isnan(closest_pairs(generated, train).distance_held_out).all()
