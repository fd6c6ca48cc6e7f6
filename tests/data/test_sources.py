import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from understudy.data.settings import DataSettings
from understudy.data.shards import read_images, write_images
from understudy.data.sources import count_images, load_known_classes, load_source, prepare
from understudy.errors import StudyError
from understudy.files import read_json


def test_digits_are_scikit_learns():
    data, classes = load_source(DataSettings())
    digits = load_digits()
    assert data.images.shape == (1797, 1, 8, 8)
    assert np.array_equal(np.round(data.images[:, 0] / 255 * 16), digits.images)
    assert np.array_equal(data.labels, digits.target)
    assert classes == list("0123456789")
    assert np.array_equal(count_images(DataSettings()), np.bincount(digits.target))


@pytest.fixture
def folder(tmp_path):
    for name, shade in (("cat", 10), ("dog", 200)):
        (tmp_path / name).mkdir()
        for place in range(3):
            Image.new("RGB", (6, 6), (shade, place, 0)).save(tmp_path / name / f"{place}.png")
    return tmp_path


def test_an_image_folder_has_its_classes_in_name_order(folder):
    settings = DataSettings(source="imagefolder", root=folder)
    data, classes = load_source(settings)
    assert classes == ["cat", "dog"]
    assert data.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.images[:, 0, 0, 0].tolist() == [10] * 3 + [200] * 3
    assert count_images(settings).tolist() == [3, 3]


def test_size_and_channels_are_brought_about(folder):
    data, _ = load_source(DataSettings(source="imagefolder", root=folder, size=8, channels=1))
    assert data.images.shape == (6, 1, 8, 8)


def test_an_unreadable_image_is_named(folder):
    (folder / "dog" / "0.png").write_bytes(b"text")
    message = rf"^{folder}/dog/0\.png is not a readable image \(of no known format\); repair or remove it$"
    with pytest.raises(StudyError, match=message):
        load_source(DataSettings(source="imagefolder", root=folder))
    with pytest.raises(StudyError, match=message):
        load_known_classes(folder, ["dog"], size=6, channels=3)


def test_a_folder_without_classes_says_what_is_expected(tmp_path):
    with pytest.raises(StudyError, match="expected at least two"):
        load_source(DataSettings(source="imagefolder", root=tmp_path))


def test_parquet_round_trip(tmp_path, folder):
    images, classes = tmp_path / "out" / "images.parquet", tmp_path / "classes.json"
    prepare(DataSettings(source="imagefolder", root=folder), images, classes)
    assert read_json(tmp_path / "classes.json") == {"classes": ["cat", "dog"]}
    settings = DataSettings(source="parquet", root=tmp_path / "out")
    data, classes = load_source(settings)
    assert np.array_equal(data.images, read_images(tmp_path / "out").images)
    assert classes == ["0", "1"]
    assert count_images(settings).tolist() == [3, 3]


def test_labels_with_a_hole_are_refused(tmp_path):
    write_images(tmp_path / "a.parquet", np.zeros((2, 1, 4, 4), np.uint8), np.array([0, 2]))
    with pytest.raises(StudyError, match="every whole number from 0 to 2"):
        load_source(DataSettings(source="parquet", root=tmp_path))


def test_a_shard_without_images_is_named_before_any_is_read(tmp_path):
    write_images(tmp_path / "a.parquet", np.zeros((2, 1, 8, 8), np.uint8), np.array([0, 1]))
    pq.write_table(pa.table({"label": [0, 1]}), tmp_path / "b.parquet")
    with pytest.raises(StudyError, match=r"b\.parquet lacks the column\(s\) image; it has: label"):
        count_images(DataSettings(source="parquet", root=tmp_path))


def test_labels_must_be_whole_numbers(tmp_path):
    write_images(tmp_path / "a.parquet", np.zeros((2, 1, 8, 8), np.uint8), np.array([0, 1]))
    table = pq.read_table(tmp_path / "a.parquet")
    pq.write_table(table.set_column(1, "label", pa.array(["cat", "dog"])), tmp_path / "a.parquet")
    with pytest.raises(StudyError, match="column label is string, expected whole numbers"):
        count_images(DataSettings(source="parquet", root=tmp_path))


def test_torchvision_downloads_nothing_by_itself(tmp_path):
    with pytest.raises(StudyError, match=r"does not hold torchvision's CIFAR10 .*download it there first"):
        load_source(DataSettings(source="torchvision:CIFAR10", root=tmp_path))
    with pytest.raises(StudyError, match="no data set 'CIFAR11'"):
        load_source(DataSettings(source="torchvision:CIFAR11", root=tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "imagefolder"}, "needs `root`"),
        ({"source": "imagefolder", "root": "/no/such/folder"}, "does not exist"),
        ({"source": "folder"}, "allowed: sklearn-digits"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        DataSettings(**settings)
