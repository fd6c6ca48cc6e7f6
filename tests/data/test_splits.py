import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.settings import SplitSettings
from understudy.data.shards import read_images, write_images
from understudy.data.splits import draw_split, image_halves, stratified_order
from understudy.errors import StudyError
from understudy.jobs.context import JobContext
from understudy.jobs.data import write_carved, write_held_out, write_train
from understudy.seeds import numpy_generator


def labels_of(sizes: list[int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))


@settings(max_examples=20)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=8), st.integers(0, 100))
def test_every_prefix_has_the_classes_in_proportion(sizes, seed):
    labels = labels_of(sizes)
    order = stratified_order(labels, numpy_generator(seed))
    assert sorted(order) == list(range(len(labels)))
    fraction = np.array(sizes) / len(labels)
    for size in range(1, len(labels) + 1):
        counts = np.bincount(labels[order[:size]], minlength=len(sizes))
        # Each class's count is within one of size * fraction, up to the rounding of the other classes.
        assert np.all(np.abs(counts - size * fraction) <= 1 + 0.5 * len(sizes))


def test_order_within_a_class_is_random():
    labels = labels_of([50, 50])
    first = stratified_order(labels, numpy_generator(1))
    second = stratified_order(labels, numpy_generator(2))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, stratified_order(labels, numpy_generator(1)))


def parts_of(train, validation, draw=0, name="S", fraction=0.2, sizes=(60, 50, 70)):
    labels = labels_of(list(sizes))
    return labels, draw_split(labels, name, SplitSettings(train=train, validation=validation), fraction, 7, draw)


def test_parts_are_disjoint_nested_and_whole():
    labels, small = parts_of(30, 8, name="Small")
    _, large = parts_of(90, 20, name="Large")
    for parts, size, validation in ((small, 30, 8), (large, 90, 20)):
        assert len(parts["train"]) == size
        assert len(parts["validation"]) == validation
        assert set(parts["subtrain"]) | set(parts["validation"]) == set(parts["train"])
        assert not set(parts["subtrain"]) & set(parts["validation"])
        held_out = set(parts["calibration"]) | set(parts["test"])
        assert not set(parts["calibration"]) & set(parts["test"])
        assert held_out == set(range(len(labels))) - set(parts["train"])
        assert len(parts["calibration"]) == round(0.2 * len(held_out))
    assert set(small["train"]) < set(large["train"])


def test_draws_differ():
    _, first = parts_of(30, 8, draw=0)
    _, second = parts_of(30, 8, draw=1)
    assert set(first["train"]) != set(second["train"])


def test_all_keeps_nothing_held_out():
    _, parts = parts_of("all", 30)
    assert len(parts["train"]) == 180
    assert len(parts["test"]) == len(parts["calibration"]) == 0


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        (181, 20, r"splits\.S\.train: 181 images, but the data has 180; allowed: 3 to 177"),
        (180, 20, r"or `all`"),
        (179, 20, r"the test part \(1 images\) has none of class"),
        (30, 2, r"the validation part \(2 images\) has none of class"),
    ],
)
def test_impossible_splits_name_the_key(train, validation, message):
    with pytest.raises(StudyError, match=message):
        parts_of(train, validation, fraction=0.0)


def test_halves_are_stratified():
    labels = labels_of([5, 8, 1])
    half = image_halves(labels)
    for label in range(3):
        counts = np.bincount(half[labels == label], minlength=2)
        assert 0 <= counts[0] - counts[1] <= 1


def test_each_part_has_a_file_of_its_own(tmp_path):
    labels = labels_of([30, 30])
    images = np.random.default_rng(0).integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)
    write_images(tmp_path / "images.parquet", images, labels, index=np.arange(60))
    paths = {part: tmp_path / f"{part}.parquet" for part in ("train", "subtrain", "validation", "calibration", "test")}
    context = JobContext(draw=0, split="S", seed=1)
    write_train(tmp_path / "images.parquet", 20, paths["train"], context)
    write_carved(paths["train"], 6, paths["subtrain"], paths["validation"], context)
    write_held_out(tmp_path / "images.parquet", 20, 0.25, paths["calibration"], paths["test"], context)
    read = {part: read_images(path) for part, path in paths.items()}
    assert {part: len(data.labels) for part, data in read.items()} == {
        "train": 20, "subtrain": 14, "validation": 6, "calibration": 10, "test": 30,
    }  # fmt: skip
    indices = draw_split(labels, "S", SplitSettings(train=20, validation=6), 0.25, 1, 0)
    for part, data in read.items():
        assert np.array_equal(data.columns["index"], indices[part])
        assert np.array_equal(data.images, images[data.columns["index"]])
        assert np.array_equal(data.labels, labels[data.columns["index"]])
