"""Bringing sets together: disjoint halves, and classes without images."""

import numpy as np
import pytest

from tests.ranking.made_up import design, predictions
from understudy.errors import StudyError
from understudy.ranking.comparison import compare_methods
from understudy.ranking.matching import check_same_models, common_classes, split_halves
from understudy.ranking.predictions import Predictions


def test_halves_are_disjoint_and_stratified():
    whole = predictions(3, images=100)
    marked = Predictions(whole.models, np.tile(np.arange(100)[:, None], (9, 1, 1)), whole.labels, 3)
    first, second = split_halves(marked, seed=0)
    images = np.concatenate([first.predicted[0, :, 0], second.predicted[0, :, 0]])
    assert sorted(images.tolist()) == list(range(100))
    assert np.abs(np.bincount(first.labels) - np.bincount(second.labels)).max() <= 1


def test_a_class_without_images_is_an_error_or_is_dropped_as_asked():
    full = predictions(4)
    without = full.of_images(full.labels != 1)
    with pytest.raises(StudyError, match=r"classes 1 have no images .* set `ranking.drop_classes: true`"):
        compare_methods(without, full, full, design())
    dropped, real = common_classes([without, full], drop=True)
    assert (dropped.classes, real.classes) == (2, 2)
    kept = full.of_images(full.labels != 1)
    np.testing.assert_array_equal(real.errors(), kept.errors())
    np.testing.assert_array_equal(real.labels, kept.labels // 2)
    rows = compare_methods(without, full, full, design(drop_classes=True))
    assert rows["spearman"].notna().all()


def test_models_of_one_set_alone_are_named():
    full = predictions(0)
    with pytest.raises(StudyError, match="models with synthetic predictions only: m8; with real ones only: ;"):
        check_same_models(full, full.of_models(full.models[:8]))
