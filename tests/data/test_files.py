"""Which files of folders are read, and as which classes."""

import os
import unicodedata
from pathlib import Path

import pytest
import torchvision.datasets
from timm.data.readers.reader_image_folder import ReaderImageFolder

from tests.data.pictures import encoded, found, labelled, save
from understudy.data.folders import image_files, suffixes
from understudy.data.names import natural_key, orders_agree, parts_in_names
from understudy.data.pixel_settings import PixelSettings
from understudy.data.settings import DataSettings
from understudy.data.sources import count_images, load_known_classes
from understudy.errors import StudyError
from understudy.text import printable


def test_folders_are_read_as_torchvision_and_timm_do(tmp_path):
    names = [f"{patient}{number}.png" for patient in ("", "p2/", "p1/", "p1/deep/er/", "P1/") for number in range(3)]
    save(tmp_path, *[f"{name}/{path}" for name in ("dog", "cat") for path in names])
    images, theirs = found(tmp_path), torchvision.datasets.ImageFolder(tmp_path)
    assert images.classes == theirs.classes
    assert [*zip(images.names, images.labels, strict=True)] == theirs.samples
    assert [Path(name).read_bytes() for name in images.names] == list(images.items)
    # timm names classes after the innermost folders: for one level both find the same.
    flat = save(tmp_path / "flat", *[f"{name}/{number}.png" for name in ("b", "a") for number in range(12)])
    assert {*found(flat).names} == {path for path, _ in ReaderImageFolder(str(flat)).samples}
    assert count_images(DataSettings(source="imagefolder", root=tmp_path / "flat")).tolist() == [12, 12]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "PNG"), ("b.jfif", "JPEG"), ("c.jpe", "JPEG"), ("d.jpg_large", "JPEG"), ("e", "WEBP"),
        ("f.jpg?w=200", "PNG"), ("g.avif", "AVIF"), ("h.jp2", "JPEG2000"), ("i.tga", "TGA"), ("j.dat", "GIF"),
        ("k.pcx", "PCX"), ("l.001", "TIFF"), ("m", "TGA"), ("n.jpg.part", "JPEG"), ("o.dds", "DDS"), ("p.", "BMP"),
    ],
)  # fmt: skip
def test_every_format_of_pillow_is_an_image_whatever_its_suffix(tmp_path, name, kind):
    save(tmp_path, f"cat/{name}", kind=kind)
    save(tmp_path, "dog/0.png")
    assert [shown for shown, _ in labelled(found(tmp_path))] == [name, "0.png"]


def test_what_is_no_image_is_counted_and_named(tmp_path, capfd):
    save(tmp_path, "cat/0.png", "dog/0.png", "stray.png")
    for name in ("Thumbs.db", "notes.txt", "labels.csv", "._0.png", "0.npy", "model.h5", "clip.mpg", "x.pdf", "y.svg"):
        (tmp_path / "cat" / name).write_bytes(b"\x93NUMPY or text")
    (tmp_path / "readme.md").write_text("about")
    save(tmp_path, "cat/__MACOSX/._0.png", "cat/.thumbnails/0.png")
    images = found(tmp_path)
    assert [name for name, _ in labelled(images)] == ["0.png", "0.png"]
    passed = {reason: sorted(name.rsplit("/", 1)[1] for name in names) for reason, names in images.skipped.items()}
    assert passed == {
        "no image": ["0.npy", "clip.mpg", "labels.csv", "model.h5", "notes.txt", "x.pdf", "y.svg"],
        "hidden, or left there by a system": ["._0.png", ".thumbnails", "Thumbs.db", "__MACOSX"],
        "outside the folders of the classes": ["readme.md", "stray.png"],
    }
    said = capfd.readouterr().err
    assert "7 passed over (no image): " in said and "0.npy" in said and "and 2 more" in said


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", encoded()[:40]])
def test_a_broken_image_is_an_image(tmp_path, content):
    save(tmp_path, "cat/0.png", "dog/0.png")
    (tmp_path / "cat" / "1.jpe").write_bytes(content)
    assert len(found(tmp_path).labels) == 3  # whoever decodes it refuses it


def test_links_are_followed_but_not_round(tmp_path):
    save(tmp_path / "elsewhere", "0.png", "more/1.png")
    save(tmp_path / "set", "dog/0.png")
    (tmp_path / "set" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "set")
    (tmp_path / "elsewhere" / "more" / "up").symlink_to(tmp_path / "elsewhere")
    images = found(tmp_path / "set")
    assert labelled(images)[:2] == [("0.png", "cat"), ("1.png", "cat")]
    assert "link to a folder above" in images.skipped
    (tmp_path / "set" / "dog" / "nowhere.png").symlink_to(tmp_path / "gone")
    images = found(tmp_path / "set")
    with pytest.raises(StudyError, match=r"nowhere\.png can't be read"):
        list(images.items)


E_ACUTE = "caf\u00e9"


@pytest.mark.parametrize(
    "names",
    [("Cat", "cat"), ("cat", "cat "), ("big cat", "bigcat"), (E_ACUTE, unicodedata.normalize("NFD", E_ACUTE)),
     ("cat", "cat\u200b"), ("stra\u00dfe", "STRASSE")],
)  # fmt: skip
def test_names_that_people_take_for_one_are_refused_unless_insisted_on(tmp_path, names):
    save(tmp_path, *[f"{name}/0.png" for name in names], "dog/0.png")
    with pytest.raises(StudyError, match=r"differ by case, blanks or Unicode form alone.*data\.classes") as refused:
        found(tmp_path)
    assert "\n" not in str(refused.value)
    insisted = found(tmp_path, classes=[*names, "dog"])
    folders = [Path(name).parent.name for name in insisted.names]
    assert folders == [insisted.classes[label] for label in insisted.labels] and len(folders) == 3


def test_bytes_that_are_no_utf8_are_shown_readably(tmp_path):
    for name in (b"caf\xe9", b"dog"):
        folder = tmp_path / os.fsdecode(name)
        folder.mkdir()
        (folder / os.fsdecode(b"\xff.png")).write_bytes(encoded())
    images = found(tmp_path)
    assert images.classes == ["caf\\xe9", "dog"] and images.names[0].endswith("caf\\xe9/\\xff.png")
    assert [len(item) for item in images.items] == [len(encoded())] * 2
    assert len(load_known_classes(tmp_path, images.classes, PixelSettings(size=6, channels=3)).labels) == 2
    assert printable(b"\xff".decode(errors="surrogateescape")) == "\\xff"


@pytest.mark.parametrize(
    ("folders", "parts"),
    [
        (["train", "test"], {"train", "test"}),
        (["Training", "Testing"], {"train", "test"}),
        (["train", "val", "test", "annotations"], {"train", "validation", "test"}),
        (["TRAIN", "valid"], {"train", "validation"}),
        (["seg_train", "seg_test"], {"train", "test"}),
        (["training_set", "test_set"], {"train", "test"}),
        (["train", "bus"], set()),
        (["train", "bus", "plane"], set()),
        (["train", "test", "cat", "dog"], set()),
        (["bullet_train", "freight_train"], set()),
        (["trainer", "tester"], set()),
        (["valid", "invalid"], set()),
    ],
)
def test_folders_of_parts_are_told_from_classes(tmp_path, folders, parts):
    assert set(parts_in_names(folders)) == parts
    save(tmp_path, *[f"{folder}/{name}/{number}.png" for folder in folders for name in "ab" for number in range(2)])
    if not parts:
        assert found(tmp_path).classes == sorted(folders)
        return
    with pytest.raises(StudyError, match=r"folders named as parts .*set `data\.parts: \{train: .*test: ") as refused:
        found(tmp_path)
    assert "data.classes: [" in str(refused.value)
    assert found(tmp_path, classes=sorted(folders)).classes == sorted(folders)
    pooled = found(tmp_path, pool_parts=True)
    assert pooled.classes == ["a", "b"] and pooled.parts is None and len(pooled.labels) == 4 * len(parts)


def test_flat_folders_of_parts_are_refused_with_another_way(tmp_path):
    with pytest.raises(StudyError, match=r"folders named as parts .*data\.labels"):
        found(save(tmp_path, "train/0.png", "test/0.png"))


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a/0.png", "b/x.txt"], r"b holds no image \(passed over: x\.txt\)"),
        (["a/0.png"], "holds 1 class folder"),
        (["all/a/0.png", "all/b/0.png"], r"are they in .*/all\? then give that folder"),
        (["0.png"], r"holds 0 class folder.*data\.labels"),
        (["a/0.png", "b/0.png", "__MACOSX/a/._0.png"], "__MACOSX is what macOS adds"),
    ],
)
def test_folders_without_classes_or_images_say_what_is_there(tmp_path, paths, message):
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(encoded() if path.endswith("png") else b"text")
    with pytest.raises(StudyError, match=message) as refused:
        found(tmp_path)
    assert "\n" not in str(refused.value)


def test_classes_choose_and_order_folders(tmp_path):
    save(tmp_path, *[f"{number}/0.png" for number in range(12)])
    assert found(tmp_path).classes == sorted(map(str, range(12)))  # as torchvision
    images = found(tmp_path, classes=["2", "10"])
    assert labelled(images) == [("0.png", "10"), ("0.png", "2")] and images.labels.tolist() == [1, 0]
    assert len(images.skipped["outside the folders of the classes"]) == 10
    with pytest.raises(StudyError, match=r"data\.classes: data\.root has no cow; it has 0, 1"):
        found(tmp_path, classes=["0", "1", "cow"])


def test_classes_are_found_in_another_form_of_unicode(tmp_path):
    save(tmp_path, f"{unicodedata.normalize('NFD', 'café')}/0.png", "bar/1.png", "pub/2.png")  # as macOS writes it
    images = found(tmp_path, classes=["café", "bar"])
    assert images.classes == ["café", "bar"] and labelled(images) == [("1.png", "bar"), ("0.png", "café")]


def test_suffixes_of_torchvision_and_timm_are_known():
    theirs = torchvision.datasets.folder.IMG_EXTENSIONS
    assert {*theirs, ".jfif", ".jpe", ".gif", ".tga", ".avif"} <= suffixes() and ".mpg" not in suffixes()


def test_natural_order_is_timms():
    from timm.utils.misc import natural_key as theirs

    names = ["b10", "B2", "a", "10", "9", "x1y2", "x1y10", "Date", "apple"]
    assert sorted(names, key=natural_key) == sorted(names, key=theirs)
    assert orders_agree(["n01440764", "n01443537"]) and orders_agree(["00", "01", "10"])
    assert not orders_agree(["9", "10"]) and not orders_agree(["apple", "Banana"])


def test_other_sets_are_matched_by_the_names_of_classes(tmp_path):
    composed = unicodedata.normalize("NFC", E_ACUTE)
    save(tmp_path / "set", f"{unicodedata.normalize('NFD', E_ACUTE)}/sub/0.png", "other/0.png")
    settings = PixelSettings(size=6, channels=3)
    assert load_known_classes(tmp_path / "set", ["dog", composed], settings).labels.tolist() == [1]
    save(tmp_path / "cases", "Dog/0.png", "cat/0.png")
    with pytest.raises(StudyError, match="folder 'Dog' and class 'dog' differ by case"):
        load_known_classes(tmp_path / "cases", ["cat", "dog"], settings)


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    save(tmp_path, "cat/in/0.png", "dog/0.png")
    walk = os.walk

    def closed(folder, *, followlinks, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/in"))
        return walk(folder, followlinks=followlinks)

    monkeypatch.setattr(os, "walk", closed)
    with pytest.raises(StudyError, match=r"cat/in can't be read \(Permission denied\)"):
        image_files(tmp_path / "cat")
