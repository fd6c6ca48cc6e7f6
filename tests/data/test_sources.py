import os
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torchvision.datasets
from PIL import Image
from sklearn.datasets import load_digits

from tests.data.pictures import load_source
from understudy.data.file_state import files_state
from understudy.data.image_sets import folder_images
from understudy.data.pixel_settings import PixelSettings
from understudy.data.settings import DataSettings
from understudy.data.shards import read_images, write_images
from understudy.data.sources import SOURCES, count_images, load_known_classes
from understudy.errors import StudyError
from understudy.files import read_json
from understudy.jobs.context import JobContext
from understudy.jobs.data import prepare_images


def test_digits_are_scikit_learns():
    data, classes = load_source(DataSettings())
    digits = load_digits()
    assert data.images.shape == (1797, 1, 8, 8)
    assert np.array_equal(np.round(data.images[:, 0] / 255 * 16), digits.images)
    assert np.array_equal(data.labels, digits.target)
    assert classes == list("0123456789")
    assert np.array_equal(count_images(DataSettings()), np.bincount(digits.target))
    assert DataSettings().known_size == SOURCES["sklearn-digits"].size == 8 and DataSettings(size=4).known_size == 4


@pytest.fixture
def folder(tmp_path):
    for name, shade in (("cat", 10), ("dog", 200)):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", (6, 6), (shade, number, 0)).save(tmp_path / name / f"{number}.png")
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
        load_known_classes(folder, ["dog"], PixelSettings(size=6, channels=3))


def test_an_image_that_cannot_be_read_is_named(folder):
    (folder / "dog" / "9.png").symlink_to(folder / "nowhere.png")
    with pytest.raises(StudyError, match=rf"^{folder}/dog/9\.png can't be read \(No such file or directory\)"):
        load_source(DataSettings(source="imagefolder", root=folder))


def test_hidden_files_and_folders_among_the_images_are_passed_over(folder):
    (folder / "dog" / "._0.png").write_bytes(b"of macOS")
    (folder / "dog" / "more.png").mkdir()
    settings = DataSettings(source="imagefolder", root=folder)
    assert len(load_source(settings)[0].labels) == len(folder_images(folder, ["cat", "dog"])) == 6
    assert count_images(settings).tolist() == [3, 3]
    assert len(load_known_classes(folder, ["dog"], PixelSettings(size=6, channels=3)).labels) == 3


def test_grey_of_every_mode_makes_one_set(tmp_path):
    for number, mode in enumerate(("L", "LA", "1", "I;16")):
        (tmp_path / str(number % 2)).mkdir(exist_ok=True)
        Image.new(mode, (6, 6), (0, 255) if mode == "LA" else 0).save(tmp_path / str(number % 2) / f"{number}.png")
    data, _ = load_source(DataSettings(source="imagefolder", root=tmp_path))
    assert data.images.shape == (4, 1, 6, 6) and not data.images.any()


ORIGINALS, LARGE = 20, (200, 150)


class Large:
    """A data set like those of torchvision, its images made when they are asked for."""

    def __init__(self, root, train, download):
        pass

    def __len__(self):
        return ORIGINALS // 2

    def __getitem__(self, number):
        return Image.new("RGB", LARGE, (number, 0, 0)), number % 2


@pytest.mark.parametrize("source", ["imagefolder", "parquet", "torchvision:Large"])
def test_large_originals_are_never_in_memory_together(tmp_path, monkeypatch, source):
    monkeypatch.setattr(torchvision.datasets, "Large", Large, raising=False)
    for number in range(ORIGINALS if source == "imagefolder" else 0):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", LARGE).save(path)
    if source == "parquet":
        images = np.zeros((ORIGINALS, 3, *LARGE), np.uint8)
        write_images(tmp_path / "a.parquet", images, np.arange(ORIGINALS) % 2)
        del images
    tracemalloc.start()
    try:
        data, _ = load_source(DataSettings(source=source, root=tmp_path, size=8))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data.images.shape == (ORIGINALS, 3, 8, 8)
    assert peak < 8 * np.prod(LARGE) * 3  # a few copies of one, not all twenty


def test_the_state_shows_what_changes_images_and_nothing_else(folder, tmp_path_factory):
    before, path = files_state(folder), folder / "cat" / "0.png"
    os.utime(path, (1, 1))
    (folder / "cat" / ".DS_Store").write_text("a view")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "a.png").write_text("hidden")
    assert files_state(folder) == before
    copy = tmp_path_factory.mktemp("copy") / "images"
    (copy / "cat").parent.mkdir()
    for name in ("cat", "dog"):
        (copy / name).symlink_to(folder / name)
    assert files_state(copy) == before

    states = {before}
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")  # as large as before
    states.add(files_state(folder))
    path.rename(folder / "dog" / "9.png")
    states.add(files_state(folder))
    (folder / "dog" / "9.png").unlink()
    states.add(files_state(folder))
    assert len(states) == 4


def test_the_state_is_that_of_all_files_that_the_data_names(folder, tmp_path_factory):
    labels = tmp_path_factory.mktemp("labels") / "labels.csv"
    labels.write_text("file,label\n" + "\n".join(f"{path},x{path[0]}" for path in ("cat/0.png", "dog/0.png")))
    data = DataSettings(source="imagefolder", root=folder, labels=labels)
    before = files_state(*data.files)
    assert data.files == [folder, labels] and before != files_state(folder)
    labels.write_text(labels.read_text().replace("xd", "xc"))
    assert files_state(*data.files) != before


def test_the_state_shows_what_replaces_a_large_file_of_the_same_size(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.zeros((100, 1000)))
    before = files_state(path)
    np.save(path, np.ones((100, 1000)))
    assert files_state(path) != before


def test_the_state_of_folders_that_link_in_a_circle(folder):
    (folder / "cat" / "again").symlink_to(folder)
    before = files_state(folder)
    (folder / "dog" / "0.png").unlink()
    assert files_state(folder) != before


def test_a_folder_without_classes_says_what_is_expected(tmp_path):
    with pytest.raises(StudyError, match="expected at least two"):
        load_source(DataSettings(source="imagefolder", root=tmp_path))


def test_parquet_round_trip(tmp_path, folder):
    images, classes = tmp_path / "out" / "images.parquet", tmp_path / "classes.json"
    others = [tmp_path / name for name in ("checks.parquet", "checks.csv", "data_report.html")]
    prepare_images({"source": "imagefolder", "root": str(folder)}, images, classes, *others, JobContext(0, ""))
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
        ({"source": "folder"}, "allowed: sklearn-digits, torchvision:<Dataset>, imagefolder, parquet"),
        ({"source": "torchvision"}, "allowed: sklearn-digits"),
        ({"source": "parquet:x"}, "allowed: sklearn-digits"),
        ({"source": "imagefolder", "root": __file__}, "is no folder"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        DataSettings(**settings)
    assert DataSettings(source="torchvision:CIFAR10", root="/no/such/folder").known_size is None
