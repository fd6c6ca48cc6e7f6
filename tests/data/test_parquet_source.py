"""Parquet files of others as a source of images, and as a set of a ranking."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.pictures import encoded, found, load_source, write_parquet
from understudy.data.image_sets import shard_images
from understudy.data.settings import DataSettings
from understudy.data.sources import count_images
from understudy.errors import StudyError

BYTES = [encoded(0), encoded(1)]
STRUCT = pa.struct([("bytes", pa.binary_view()), ("path", pa.string_view())])


@pytest.mark.parametrize(
    "image",
    [
        pa.array(BYTES, pa.binary()),
        pa.array(BYTES, pa.large_binary()),
        pa.array(BYTES, pa.binary_view()),
        pa.array(BYTES, pa.binary()).dictionary_encode(),
        pa.array([{"bytes": one, "path": None} for one in BYTES], STRUCT),
    ],
    ids=lambda image: str(image.type),
)
def test_images_are_bytes_in_any_of_arrows_forms(tmp_path, image):
    write_parquet(tmp_path / "a.parquet", [0, 1], image=image)
    assert list(found(tmp_path, "parquet").items) == BYTES
    encoded_set = shard_images([tmp_path / "a.parquet"], 2)
    assert [encoded_set.read(number) for number in (0, 1)] == BYTES


@pytest.mark.parametrize(
    ("label", "classes", "expected"),
    [
        (np.array([1, 0, 1], np.uint8), ["0", "1"], [1, 0, 1]),
        (np.array([1, 0, 1], np.uint64), ["0", "1"], [1, 0, 1]),
        (np.array([1.0, 0.0, 1.0]), ["0", "1"], [1, 0, 1]),
        (pa.array([1, 0, 1]).dictionary_encode(), ["0", "1"], [1, 0, 1]),
        (pa.array([1, 0, 1], pa.decimal128(3, 1)), ["0", "1"], [1, 0, 1]),
        (["dog", "cat", "dog"], ["cat", "dog"], [1, 0, 1]),
        (pa.array(["dog", "cat", "dog"]).dictionary_encode(), ["cat", "dog"], [1, 0, 1]),
        (pa.array(["dog", "cat", "dog"], pa.string_view()), ["cat", "dog"], [1, 0, 1]),
        (pa.array([b"dog", b"cat", b"dog"]), ["cat", "dog"], [1, 0, 1]),
        (["10", "9", "09"], ["09", "10", "9"], [1, 2, 0]),
        ([True, False, True], ["false", "true"], [1, 0, 1]),
    ],
)
def test_labels_are_whole_numbers_or_text(tmp_path, label, classes, expected):
    write_parquet(tmp_path / "a.parquet", label)
    images = found(tmp_path, "parquet")
    assert images.classes == classes and images.labels.tolist() == expected
    assert count_images(DataSettings(source="parquet", root=tmp_path)).tolist() == np.bincount(expected).tolist()


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([-1, -1], r"has labels -1, expected .*-1 stands for images without a label"),
        ([0, 2], "no image of the classes 1; expected every whole number from 0 to 2"),
        ([1, 2], "no image of the classes 0"),
        ([0.5, 1], "is double, expected whole numbers or text"),
        ([0, None], "expected whole numbers or text, none missing; row 1 is"),
        ([float("nan"), 1.0], "is double, expected whole numbers or text"),
        ([[0], [1]], "is list<.*one class an image"),
        ([{"a": 1}, {"a": 2}], "is struct<.*one class an image"),
        (["Cat", "cat"], "differ by case"),
    ],
)
def test_other_labels_are_one_line(tmp_path, label, message):
    write_parquet(tmp_path / "a.parquet", label)
    with pytest.raises(StudyError, match=message) as refused:
        found(tmp_path, "parquet")
    assert "\n" not in str(refused.value)


def test_names_of_classes_travel_with_labels(tmp_path):
    write_parquet(tmp_path / "a.parquet", [1, 0, 2], ["tench", "goldfish", "shark"])
    assert found(tmp_path, "parquet").classes == ["tench", "goldfish", "shark"]
    chosen = found(tmp_path, "parquet", classes=["shark", "goldfish"])
    assert chosen.labels.tolist() == [1, 0] and list(chosen.items) == [encoded(0), encoded(2)]
    assert found(tmp_path, "parquet", classes=["x", "y", "z"]).classes == ["x", "y", "z"]
    with pytest.raises(StudyError, match=r"data\.classes: 2 names.*has no cow"):
        found(tmp_path, "parquet", classes=["shark", "cow"])
    write_parquet(tmp_path / "b.parquet", [0], ["goldfish", "tench", "shark"])
    with pytest.raises(StudyError, match="other names of classes"):
        found(tmp_path, "parquet")


def test_columns_of_other_names_are_suggested_and_read(tmp_path):
    write_parquet(tmp_path / "a.parquet", [0, 1], image=None, label=None, img=BYTES, fine_label=[0, 1])
    with pytest.raises(
        StudyError, match=r"it has: img, fine_label; name them: `data\.columns: \{image: img, label: fine"
    ):
        found(tmp_path, "parquet")
    assert found(tmp_path, "parquet", columns={"image": "img", "label": "fine_label"}).labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([{"bytes": None, "path": "x.png"}] * 2, r"has a path alone \(x\.png\), not the bytes"),
        ([{"path": "x.png"}] * 2, "column image is struct<path: string>; expected the bytes"),
        (["x.png"] * 2, "column image is string; .*source imagefolder with `data.labels`"),
        ([b"", None], "has no bytes, not the bytes of an image file"),
        ([[1, 2], [3, 4]], "column image is list<"),
    ],
)
def test_images_that_are_no_bytes_are_one_line(tmp_path, image, message):
    write_parquet(tmp_path / "a.parquet", [0, 1], image=image)
    if image[0] == {"bytes": None, "path": "x.png"}:
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        write_parquet(tmp_path / "a.parquet", [0, 1], image=pa.array(image, kind))
    with pytest.raises(StudyError, match=message):
        load_source(DataSettings(source="parquet", root=tmp_path))


def test_row_groups_are_read_one_after_the_other(tmp_path):
    for name in "ab":
        table = pa.table({"image": [encoded(number) for number in range(5)], "label": [0, 1, 0, 1, 0]})
        pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=2)
    items = found(tmp_path, "parquet").items
    assert list(items) == [encoded(number) for number in range(5)] * 2 and items[7] == encoded(2)


def test_broken_files_are_named_and_metadata_of_others_is_passed_over(tmp_path):
    (tmp_path / "a.parquet").write_bytes(write_parquet(tmp_path / "b" / "x.parquet", [0, 1]).read_bytes()[:-9])
    with pytest.raises(StudyError, match=r"a\.parquet is not a readable parquet file .*; repair it"):
        found(tmp_path, "parquet")
    for stored in (b"[]", b"{", json.dumps({"info": {"features": {"label": {"_type": "Value"}}}}).encode()):
        table = pa.table({"image": BYTES, "label": [0, 1]}).replace_schema_metadata({b"huggingface": stored})
        pq.write_table(table, tmp_path / "a.parquet")
        assert found(tmp_path, "parquet").classes == ["0", "1"]


def test_sets_of_a_ranking_are_matched_by_the_names_of_classes(tmp_path):
    files = [write_parquet(tmp_path / "a.parquet", [0, 1, 1], ["dog", "cat"])]
    assert shard_images(files, ["cat", "dog", "cow"]).labels.tolist() == [1, 0, 0]
    assert shard_images(files, 2).labels.tolist() == [0, 1, 1]
    with pytest.raises(StudyError, match=r"labels are names \(cat, dog\) that `ranking\.classes` lacks|names \(dog\)"):
        shard_images(files, ["cat", "cow"])
    files = [write_parquet(tmp_path / "b.parquet", ["dog", "cat"])]
    assert shard_images(files, ["cat", "dog"]).labels.tolist() == [1, 0]
    with pytest.raises(StudyError, match=r"ranking\.classes"):
        shard_images(files, 2)


def test_a_pattern_fits_no_hidden_file(tmp_path):
    write_parquet(tmp_path / "train-0.parquet", [0, 1])
    (tmp_path / "._train-0.parquet").write_bytes(b"Mac OS X")
    assert len(found(tmp_path / "*.parquet", "parquet").labels) == 2
