import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.decoding import decode
from understudy.data.image_sets import shard_images
from understudy.data.shards import encode_png, read_images, read_labels, shard_name, write_images
from understudy.errors import StudyError


@settings(max_examples=20)
@given(st.sampled_from([1, 3]), st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
def test_png_is_lossless(channels, height, width, seed):
    image = np.random.default_rng(seed).integers(0, 256, (channels, height, width), dtype=np.uint8)
    assert np.array_equal(decode(encode_png(image), "image"), image)


def pictures(count: int, seed: int = 0, size: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, size, size), dtype=np.uint8)


def test_shards_are_read_in_name_order(tmp_path):
    images, labels = pictures(5), np.array([0, 1, 0, 1, 1])
    write_images(tmp_path / "shard-00001.parquet", images[3:], labels[3:], seed=np.array([4, 5]))
    write_images(tmp_path / "shard-00000.parquet", images[:3], labels[:3], seed=np.array([1, 2, 3]))
    data = read_images(tmp_path)
    assert np.array_equal(data.images, images)
    assert np.array_equal(data.labels, labels)
    assert data.columns["seed"].tolist() == [1, 2, 3, 4, 5]
    assert np.array_equal(read_labels(tmp_path), labels)
    assert shard_name(1) == "shard-00001.parquet" and shard_name("{shard}") == "shard-{shard}.parquet"


def test_a_half_written_shard_is_passed_over(tmp_path):
    write_images(tmp_path / "shard-00000.parquet", pictures(2), np.array([0, 1]))
    (tmp_path / ".shard-00001.elsewhere-7.parquet").write_bytes(b"half")
    assert len(read_images(tmp_path).labels) == len(read_labels(tmp_path)) == 2


def test_files_follow_the_hugging_face_convention(tmp_path):
    write_images(tmp_path / "a.parquet", pictures(2), np.array([0, 1]), index=np.array([7, 8]))
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.field("image").type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    assert schema.field("label").type == pa.int64()
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert set(features) == set(schema.names)


def test_equal_content_gives_equal_bytes(tmp_path):
    for name in ("a", "b"):
        write_images(tmp_path / f"{name}.parquet", pictures(3), np.arange(3), index=np.arange(3))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_folder_named_like_a_key_adds_no_column(tmp_path):
    write_images(tmp_path / "draw=1" / "a.parquet", pictures(1), np.array([0]))
    assert read_images(tmp_path / "draw=1").columns.shape[1] == 0


def test_bad_files_are_named(tmp_path):
    good = tmp_path / "good.parquet"
    write_images(good, pictures(2), np.array([0, 1]))
    truncated = tmp_path / "cut.parquet"
    truncated.write_bytes(good.read_bytes()[:-30])
    with pytest.raises(StudyError, match=r"cut\.parquet is not a readable parquet file"):
        read_images(truncated)
    pq.write_table(pa.table({"picture": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(StudyError, match=r"foreign\.parquet lacks the column\(s\) image, label; it has: picture"):
        read_images(tmp_path / "foreign.parquet")
    broken = pa.table({"image": [{"bytes": b"no image", "path": None}], "label": [0]})
    pq.write_table(broken, tmp_path / "broken.parquet")
    with pytest.raises(StudyError, match=r"broken\.parquet, row 0 is not a readable image"):
        read_images(tmp_path / "broken.parquet")
    with pytest.raises(StudyError, match="does not exist"):
        read_images(tmp_path / "none.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="holds no parquet file"):
        read_images(tmp_path / "empty")


def test_shapes_must_agree(tmp_path):
    write_images(tmp_path / "a.parquet", pictures(1, size=4), np.array([0]))
    write_images(tmp_path / "b.parquet", pictures(1, size=5), np.array([0]))
    with pytest.raises(StudyError, match=r"b\.parquet, row 0 has shape \(1, 5, 5\)"):
        read_images(tmp_path)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_images_may_be_plain_bytes(tmp_path, kind):
    images = pictures(2)
    contents = [encode_png(image) for image in images]
    pq.write_table(pa.table({"image": pa.array(contents, kind), "label": [0, 1]}), tmp_path / "a.parquet")
    assert np.array_equal(read_images(tmp_path).images, images)
    encoded = shard_images([tmp_path / "a.parquet"], 2)
    assert [encoded.read(number) for number in (0, 1)] == contents


@pytest.mark.parametrize("images", [[[1, 2], [3, 4]], ["a.png", "b.png"], [{"path": "a.png"}] * 2])
def test_images_that_are_no_bytes_are_one_line(tmp_path, images):
    pq.write_table(pa.table({"image": images, "label": [0, 1]}), tmp_path / "a.parquet")
    for read in (read_images, read_labels):
        with pytest.raises(StudyError, match=r"a\.parquet: column image is .*; expected the bytes of image files"):
            read(tmp_path)
