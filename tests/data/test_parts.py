"""Fixed parts: folders and files, torchvision's own, and MedMNIST's."""

import struct

import numpy as np
import pytest
import torchvision.datasets
from PIL import Image

from tests.data.pictures import found, load_source, picture, save, save_medmnist, write_parquet
from tests.studies import small_study
from understudy import plan_checks
from understudy.config import load_study
from understudy.data.readers import torchvision as reader
from understudy.data.settings import DataSettings
from understudy.errors import StudyError
from understudy.plan import Plan

FOLDERS = [f"{part}/{name}/{number}.png" for part in ("Train", "val", "test") for name in "ab" for number in range(2)]


def test_parts_are_folders_below_the_root_or_elsewhere(tmp_path, monkeypatch):
    save(tmp_path / "set", *FOLDERS)
    images = found(tmp_path / "set", parts={"train": "Train", "validation": "val", "test": "test"})
    assert images.parts.tolist() == ["train"] * 4 + ["validation"] * 4 + ["test"] * 4
    assert images.labels.tolist() == [0, 0, 1, 1] * 3
    monkeypatch.chdir(tmp_path)
    paths = {"train": "set/Train", "test": "set/test"}
    for root in (tmp_path / "set", None):
        assert found(root, parts=paths).parts.tolist() == ["train"] * 4 + ["test"] * 4
    assert found(parts=paths, pool_parts=True).parts is None
    data = DataSettings(source="imagefolder", parts=paths)
    assert data.fixed_parts == ("train", "test") and len(data.files) == 2
    assert DataSettings(**data.canonical()) == data
    assert {part: counts.tolist() for part, counts in data.overview.counts.items()} == {"train": [2, 2], "test": [2, 2]}
    read, classes = load_source(data)
    assert classes == ["a", "b"] and read.columns["part"].tolist() == ["train"] * 4 + ["test"] * 4


def test_a_part_that_lacks_a_class_is_named(tmp_path):
    save(tmp_path, *FOLDERS, "Train/c/0.png")
    with pytest.raises(StudyError, match="the part test has no image of the classes c"):
        found(tmp_path, parts={"train": "Train", "test": "test"})
    assert len(found(tmp_path, parts={"train": "Train", "test": "test"}, classes=["b", "a"]).labels) == 8


def test_labels_and_groups_of_parts_come_from_one_table(tmp_path):
    save(tmp_path, *[path.replace("/a/", "/").replace("/b/", "/b") for path in FOLDERS])
    lines = [f"{path.replace('/a/', '/').replace('/b/', '/b')},{path.split('/')[1]}" for path in FOLDERS]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    with pytest.raises(StudyError, match="4 files that aren't among the images"):
        found(tmp_path, parts={"train": "Train", "test": "test"}, labels="labels.csv")
    images = found(
        tmp_path, labels="labels.csv", groups=r"^b?\d", parts={"train": "Train", "validation": "val", "test": "test"}
    )
    assert images.groups.tolist() == ["0", "1", "b0", "b1"] * 3 and images.labels.tolist() == [0, 0, 1, 1] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"parts": {"train": "a"}}, r"parts\.test\n"),
        ({"parts": {"train": "nowhere", "test": "b"}}, "parts: train '.*nowhere' does not exist"),
        ({"parts": {"train": "a", "test": "a"}}, "two parts are the same folder"),
        (
            {"source": "sklearn-digits", "pool_parts": True},
            "pool_parts: it belongs to source torchvision or imagefolder",
        ),
        ({"source": "parquet", "labels": "labels.csv"}, "labels: it belongs to source imagefolder"),
        ({"labels": "nowhere.csv"}, "labels: no file"),
        ({"groups": "nowhere.csv"}, "groups: no file"),
        ({"classes": ["a", "a"]}, "classes: a name is given twice"),
    ],
)
def test_settings_of_parts_and_labels_are_checked(tmp_path, settings, message):
    save(tmp_path, "a/0.png", "b/0.png")
    with pytest.raises(ValueError, match=message):
        DataSettings(**{"source": "imagefolder", "root": tmp_path} | settings)


def test_parquet_files_named_as_parts_are_refused_and_read_as_such(tmp_path):
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
        write_parquet(tmp_path / "data" / f"{name}.parquet", [0, 1])
    folder = tmp_path / "data"
    with pytest.raises(
        StudyError, match=rf"set `data\.parts: \{{train: {folder}/train\*\.parquet, test: {folder}/test\*"
    ):
        found(folder, "parquet")
    with pytest.raises(StudyError, match=f"holds no parquet file.*there are some in {folder}"):
        found(tmp_path, "parquet")
    images = found(folder, "parquet", parts={"train": "train*.parquet", "test": f"{folder}/test*.parquet"})
    assert images.parts.tolist() == ["train"] * 4 + ["test"] * 2
    assert len(found(folder, "parquet", pool_parts=True).labels) == 6


def with_splits(root, validation, train=4, **data):
    splits = {"S": {"train": train, "validation": validation}}
    study = small_study(data={"source": "npz", "root": str(root), "size": 8, **data}, splits=splits)
    del study["ranking"]
    study["generators"] = {"any": {"method": "stylegan2"}}
    return Plan(load_study(study))


def test_a_given_validation_part_takes_the_place_of_a_number(tmp_path):
    path = save_medmnist(tmp_path / "a.npz")
    plan_checks.check_sizes(with_splits(path, None))
    assert with_splits(path, None, "all").has_test("S")
    with pytest.raises(StudyError, match=r"splits\.S\.validation: the data has a validation part"):
        with_splits(path, 2)
    plan_checks.check_sizes(with_splits(path, 2, pool_parts=True))
    with pytest.raises(StudyError, match=r"splits\.S\.validation: missing"):
        with_splits(path, None, pool_parts=True)
    with pytest.raises(StudyError, match=r"splits\.S\.train: 30 images, but the data's part train has 20"):
        plan_checks.check_sizes(with_splits(path, None, 30))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (8, 8, 1)])
def test_medmnists_arrays_are_read_with_their_parts(tmp_path, shape):
    path = save_medmnist(tmp_path / "a.npz", shape)
    images = found(path, "npz")
    assert images.parts.tolist() == ["train"] * 20 + ["validation"] * 6 + ["test"] * 10
    assert images.classes == ["0", "1"] and images.names[20] == f"{path}, val_images 0"
    given = np.load(path)["val_images"][3]
    assert np.array_equal(images.items[23], given.reshape(8, 8, -1).transpose(2, 0, 1))
    assert found(path, "npz", classes=["healthy", "ill"]).classes == ["healthy", "ill"]
    assert DataSettings(source="npz", root=path).overview.counts["test"].tolist() == [5, 5]
    assert load_source(DataSettings(source="npz", root=path))[0].images.shape[0] == 36


def test_other_arrays(tmp_path):
    keras = {
        f"{kind}_{part}": np.zeros((4, 8, 8) if kind == "x" else 4, np.uint8)
        for kind in "xy"
        for part in ("train", "test")
    }
    keras["y_train"] = keras["y_test"] = np.array([0, 1, 1, 0], np.int64)
    np.savez(tmp_path / "keras.npz", **keras)
    assert found(tmp_path / "keras.npz", "npz").parts.tolist() == ["train"] * 4 + ["test"] * 4
    np.savez(tmp_path / "one.npz", images=keras["x_train"], labels=keras["y_train"].astype(float))
    assert found(tmp_path / "one.npz", "npz").parts is None
    path = save_medmnist(tmp_path / "two.npz", test_images=None, test_labels=None)
    assert DataSettings(source="npz", root=path).fixed_parts == ("train", "test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_labels": np.zeros((20, 14), np.uint8)}, "14 labels an image; one class"),
        ({"train_labels": np.full(20, 0.5)}, "train_labels is float64; whole numbers"),
        ({"train_labels": np.array(["a"] * 20)}, "train_labels is <U1; whole numbers"),
        ({"train_labels": np.array([{}] * 20)}, "array train_labels can't be read .it holds objects of Python"),
        (
            {"train_labels": np.arange(20) % 2 - 1},
            r"has labels -1, 0, 1, expected .* -1 stands for images without a label",
        ),
        ({"train_images": np.zeros((20, 8, 8), np.float32)}, r"train_images is float32; numbers of 8 bits"),
        ({"train_images": np.zeros((20, 8, 8, 8), np.uint8)}, r"has shape \(20, 8, 8, 8\)"),
        ({"train_images": np.zeros((19, 8, 8), np.uint8)}, "has 19 images, but there are 20 labels"),
        ({"val_labels": np.zeros(6, np.uint8)}, "the part validation has no image of the classes 1"),
        (
            dict.fromkeys(("train_images", "val_images", "test_images")),
            "has the arrays train_labels, val_labels",
        ),
    ],
)
def test_wrong_arrays_are_one_line(tmp_path, changes, message):
    path = save_medmnist(tmp_path / "a.npz", **changes)
    with pytest.raises(StudyError, match=message) as refused:
        load_source(DataSettings(source="npz", root=path))
    assert "pickle" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_a_broken_npz_is_named(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(StudyError, match=r"a\.npz is not a readable npz file"):
        found(tmp_path / "a.npz", "npz")


def save_mnist(root):
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 20), ("t10k", 10)):
        images, labels = np.zeros((count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8)
        images[:, 0, 0] = np.arange(count)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels.tobytes())
    return root


def test_torchvisions_parts_are_kept_apart_unless_pooled(tmp_path):
    images = found(save_mnist(tmp_path), "torchvision:MNIST")
    assert images.parts.tolist() == ["train"] * 20 + ["test"] * 10
    assert images.classes == torchvision.datasets.MNIST.classes
    assert [item[0, 0, 0] for item in images.items] == [*range(20), *range(10)]
    assert found(tmp_path, "torchvision:MNIST", pool_parts=True).parts is None
    assert found(tmp_path, "torchvision:MNIST", classes=["3 - three", "1 - one"]).labels.tolist() == [1, 0, 1, 0, 1, 0]


def test_torchvisions_sets_with_splits_or_without_parts_are_read(tmp_path):
    from scipy.io import savemat

    for part, count in (("train", 6), ("test", 4)):
        images = np.zeros((32, 32, 3, count), np.uint8)
        savemat(tmp_path / f"{part}_32x32.mat", {"X": images, "y": np.arange(count)[:, None] % 2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torchvision.datasets.SVHN, "_check_integrity", lambda self: True)
        images = found(tmp_path, "torchvision:SVHN")
    assert images.parts.tolist() == ["train"] * 6 + ["test"] * 4 and images.labels.tolist() == [0, 1] * 5
    save(tmp_path, "eurosat/2750/Forest/0.jpg", "eurosat/2750/River/0.jpg", kind="JPEG")
    images = found(tmp_path, "torchvision:EuroSAT")
    assert images.parts is None and images.classes == ["Forest", "River"]
    assert images.items[0] == (tmp_path / "eurosat/2750/Forest/0.jpg").read_bytes()  # decoded in one way only


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("EMNIST", r"needs arguments that a study can't give \(split\)"),
        ("CocoDetection", r"needs arguments that a study can't give \(annFile\)"),
        ("SVHN", r"does not hold torchvision's SVHN .*split='train', download=True"),
        ("Places365", "has no train and test parts"),
        ("transforms", "has no data set 'transforms'"),
        ("VOCDetection", "does not hold torchvision's VOCDetection|can't be read"),
    ],
)
def test_other_sets_of_torchvision_are_one_line(tmp_path, name, message):
    with pytest.raises(StudyError, match=message) as refused:
        found(tmp_path, f"torchvision:{name}")
    assert "\n" not in str(refused.value)


def test_a_set_of_targets_that_are_no_classes_is_one_line(tmp_path, monkeypatch):
    class Boxes:
        def __init__(self, root, train=True):
            self.items = [(picture(), {"boxes": []})]

        def __len__(self):
            return len(self.items)

        def __getitem__(self, number):
            return self.items[number]

    monkeypatch.setattr(torchvision.datasets, "Boxes", Boxes, raising=False)
    with pytest.raises(StudyError, match=r"has no class of each image, but \{'boxes'"):
        found(tmp_path, "torchvision:Boxes")


def test_parts_of_torchvisions_sets_are_known_without_it():
    import inspect

    for name in reader.WITHOUT_PARTS | reader.WITH_VALIDATION:
        arguments = inspect.signature(getattr(torchvision.datasets, name).__init__).parameters
        assert "train" not in arguments and ("split" in arguments) == (name in reader.WITH_VALIDATION), name


def test_pictures_of_other_modes_go_through_pillow(tmp_path, monkeypatch):
    class Grey:
        classes = ("a", "b")

        def __init__(self, root):
            self.pictures = [Image.new(mode, (6, 6)) for mode in ("L", "P")]

        def __len__(self):
            return 2

        def __getitem__(self, number):
            return self.pictures[number], number

    monkeypatch.setattr(torchvision.datasets, "EuroSAT", Grey)
    assert load_source(DataSettings(source="torchvision:EuroSAT", root=tmp_path, channels=3))[0].images.shape == (
        2,
        3,
        6,
        6,
    )
