"""Stratified subsamples of features."""

import numpy as np
import pytest

from understudy.errors import StudyError
from understudy.metrics.features import stratified_sample


def test_every_class_is_taken_in_proportion_to_within_one_image():
    random = np.random.default_rng(0)
    for seed in range(40):
        labels = random.integers(0, random.integers(1, 6), random.integers(1, 200))
        check_proportions(labels, int(random.integers(0, len(labels) + 1)), seed)


def check_proportions(labels: np.ndarray, size: int, seed: int) -> None:
    chosen = stratified_sample(labels, size, np.random.default_rng(seed))
    assert len(chosen) == size == len(set(chosen.tolist()))
    for label in np.unique(labels):
        expected = size * (labels == label).mean()
        assert abs((labels[chosen] == label).sum() - expected) < 1 + 1e-9


def test_more_images_than_there_are_is_refused():
    with pytest.raises(StudyError, match="11 images was asked of 10"):
        stratified_sample(np.zeros(10, int), 11, np.random.default_rng(0))
