"""Splits of images that belong together, of images with fixed parts, and sizes as shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.settings import SplitSettings
from understudy.data.splits import draw_split, draw_train, image_count, stratified_order
from understudy.errors import StudyError
from understudy.seeds import numpy_generator


def data_of(group_sizes, classes, seed, mixed=False):
    """Return labels and groups in a random order: each group of one class, or of any."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(group_sizes)) * 3, group_sizes)
    labels = rng.integers(classes, size=len(groups)) if mixed else (np.arange(len(group_sizes)) % classes)[groups // 3]
    order = rng.permutation(len(groups))
    return labels[order], groups[order]


def parts_of(labels, groups, train, validation, draw=0, name="S", fraction=0.2, **options):
    split = SplitSettings(train=train, validation=validation)
    return draw_split(labels, name, split, fraction, 7, draw, groups, **options)


def assert_groups_are_whole(parts, groups):
    for first in ("subtrain", "validation", "calibration", "test"):
        for second in ("subtrain", "validation", "calibration", "test"):
            if first != second:
                assert not set(groups[parts[first]]) & set(groups[parts[second]])
    listed = np.concatenate([parts["train"], parts["calibration"], parts["test"]])
    assert sorted(listed) == list(range(len(groups)))


@settings(max_examples=25)
@given(st.lists(st.integers(1, 9), min_size=70, max_size=90), st.integers(0, 100), st.booleans())
def test_groups_are_whole_sizes_met_and_splits_nested(sizes, seed, mixed):
    labels, groups = data_of(sizes, 2, seed, mixed)
    images, largest = len(labels), max(sizes)
    small, large = round(0.4 * images), round(0.7 * images)
    found = {size: parts_of(labels, groups, size, size // 3, draw=seed, fraction=0.5) for size in (small, large)}
    for size, parts in found.items():
        assert_groups_are_whole(parts, groups)
        assert size - largest < len(parts["train"]) <= size
        assert 0 <= size // 3 - len(parts["validation"]) < largest
        assert 0 <= round(0.5 * (images - len(parts["train"]))) - len(parts["calibration"]) < largest
    assert set(found[small]["train"]) < set(found[large]["train"])


def test_sizes_are_met_exactly_where_single_images_fill_them():
    labels, groups = data_of([2] * 5 + [1] * 190, 2, 0)
    for train in range(60, 100):
        parts = parts_of(labels, groups, train, 20, draw=train)
        assert train - 1 <= len(parts["train"]) <= train
        assert len(parts["validation"]) == 20


@settings(max_examples=20)
@given(st.integers(0, 200))
def test_classes_are_in_proportion_whatever_the_sizes_of_their_groups(seed):
    """Class 0 has single images, class 1 groups of 10, class 2 groups of 3: patients differ in this way."""
    sizes = [1] * 100 + [10] * 20 + [3] * 33
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.repeat([0] * 100 + [1] * 20 + [2] * 33, sizes)
    order = stratified_order(labels, numpy_generator(seed), groups)
    for size in range(40, len(labels), 40):
        counts = np.bincount(labels[order[:size]], minlength=3)
        assert np.all(np.abs(counts - size * np.bincount(labels) / len(labels)) <= 11)


def test_a_rare_class_is_spread_over_the_order():
    """Each of 20 patients has 9 healthy images; 10 of them have one of a tumour as well."""
    labels = np.array([0] * 180 + [1] * 10)
    groups = np.concatenate([np.repeat(np.arange(20), 9), np.arange(10)])
    for seed in range(20):
        order = stratified_order(labels, numpy_generator(seed), groups)
        assert 3 <= labels[order[:95]].sum() <= 7


@pytest.mark.parametrize("groups", [None, np.arange(180), np.random.default_rng(1).permutation(180) * 5])
def test_groups_of_one_image_change_nothing(groups):
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [60, 50, 70]))
    plain, grouped = (parts_of(labels, one, 90, 20) for one in (None, groups))
    assert all(np.array_equal(plain[part], grouped[part]) for part in plain)


def test_an_order_without_groups_is_that_of_version_0_1():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [3, 7, 7, 20]))
    expected, key = numpy_generator(3).permutation(len(labels)), np.empty(len(labels))
    for label in range(4):
        own = expected[labels[expected] == label]
        key[own] = (np.arange(len(own)) + 0.5) / len(own)
    order = stratified_order(labels, numpy_generator(3))
    assert order.tolist() == expected[np.argsort(key[expected], kind="stable")].tolist()


def test_a_small_part_has_every_class_though_its_groups_are_large(capsys):
    """Four images calibrate, in two classes whose images are three copies each: three and three."""
    labels, groups = data_of([3] * 24, 2, 0)
    parts = parts_of(labels, groups, 48, 12, fraction=0.16)
    assert np.bincount(labels[parts["calibration"]]).tolist() == [3, 3]
    assert_groups_are_whole(parts, groups)
    assert "the calibration part has 6 images, not 4" in capsys.readouterr().err


def test_a_size_that_a_group_straddles_is_said(capsys):
    labels, groups = data_of([4] * 20, 2, 0)
    train, _ = draw_train(labels, "S", 30, 7, 0, groups)
    assert len(train) == 28
    assert "splits.S: the train part has 28 images, not 30: images that belong together stay" in capsys.readouterr().err


def test_groups_that_leave_a_class_out_are_one_line():
    labels, groups = data_of([50, 40, 30], 3, 0)
    with pytest.raises(
        StudyError, match=r"largest such group has 50 of 120 images: see data_report\.html, `data\.near"
    ):
        parts_of(labels, groups, 60, 10)


def fixed():
    parts = np.array(["train"] * 60 + ["validation"] * 20 + ["test"] * 30)
    return np.arange(110) % 2, np.random.default_rng(0).permutation(parts)


def test_fixed_parts_stay_as_they_are():
    labels, parts = fixed()
    found = parts_of(labels, None, "all", 5, fraction=0.4, parts=parts)
    assert set(parts[found["subtrain"]]) == {"train"} and len(found["subtrain"]) == 60
    assert set(parts[found["validation"]]) == {"validation"} and len(found["validation"]) == 20
    assert sorted(found["train"]) == np.flatnonzero(parts != "test").tolist()
    assert sorted([*found["test"], *found["calibration"]]) == np.flatnonzero(parts == "test").tolist()
    assert len(found["calibration"]) == 12


def test_draws_of_fixed_parts_differ_in_the_training_images_alone():
    labels, parts = fixed()
    first, second = (parts_of(labels, None, 30, 5, draw=draw, fraction=0.0, parts=parts) for draw in (0, 1))
    larger = parts_of(labels, None, 40, 5, draw=0, parts=parts)
    assert set(first["subtrain"]) != set(second["subtrain"]) and len(first["subtrain"]) == 30
    assert set(first["validation"]) == set(second["validation"]) and set(first["test"]) == set(second["test"])
    assert set(first["train"]) < set(larger["train"])


def test_a_fixed_test_part_without_validation():
    labels, parts = fixed()
    parts[parts == "validation"] = "train"
    found = parts_of(labels, np.arange(110), 0.5, 0.25, parts=parts)
    assert [len(found[part]) for part in ("train", "validation", "subtrain")] == [40, 10, 30]
    with pytest.raises(StudyError, match=r"81 images, but the data's part train has 80; allowed: 2 to 80"):
        parts_of(labels, None, 81, 10, parts=parts)


def test_sizes_are_numbers_shares_or_all():
    assert [image_count(size, 1797) for size in (300, 0.4, "all", 0.00001)] == [300, 719, 1797, 1]
    labels, groups = data_of([1] * 200, 2, 0)
    found = parts_of(labels, groups, 0.4, 0.25)
    assert [len(found[part]) for part in ("train", "validation")] == [80, 20]


@pytest.mark.parametrize("train", [0, 1.5, -0.2, "some", 0.0, True, None])
def test_other_sizes_are_refused(train):
    with pytest.raises(ValueError):
        SplitSettings(train=train, validation=5)
