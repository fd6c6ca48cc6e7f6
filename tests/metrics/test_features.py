"""Stratified subsamples of features."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.errors import StudyError
from understudy.metrics.features import stratified_sample


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=200), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_every_class_gets_its_share_to_within_one_image(labels, share, seed):
    labels = np.array(labels)
    size = int(share * len(labels))
    chosen = stratified_sample(labels, size, np.random.default_rng(seed))
    assert len(chosen) == size == len(set(chosen.tolist()))
    for label in np.unique(labels):
        expected = size * (labels == label).mean()
        assert abs((labels[chosen] == label).sum() - expected) < 1 + 1e-9


def test_more_images_than_there_are_is_refused():
    with pytest.raises(StudyError, match="11 images was asked of 10"):
        stratified_sample(np.zeros(10, int), 11, np.random.default_rng(0))
