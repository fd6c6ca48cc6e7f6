"""The preparation of images that people have: copies, doubtful labels, fixed parts, and the page that shows them."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.data import copies
from understudy.data import preparation
from understudy.data.checks import data_checks, warnings
from understudy.data.preparation import prepare_source
from understudy.data.reading import PictureReader
from understudy.data.settings import DataSettings
from understudy.data.shards import read_images
from understudy.errors import StudyError
from understudy.jobs import data as jobs
from understudy.jobs.context import JobContext
from understudy.tables import read_table


@dataclass
class Given:
    """Images as a source gives them."""

    items: list
    labels: np.ndarray
    classes: list = field(default_factory=lambda: ["cat", "dog"])
    parts: np.ndarray | None = None
    groups: np.ndarray | None = None
    skipped: dict = field(default_factory=dict)

    @property
    def names(self):
        return [f"{self.classes[label]}/{number}.png" for number, label in enumerate(self.labels)]


def given_images(count=24, **more):
    images = copies.photographs(count, 32)
    return Given(list(images), np.arange(count) % 2, **more)


def prepared(source, **settings):
    data = DataSettings(**settings)
    found = prepare_source(source, PictureReader(data), data)
    return found, warnings(found, data)


def check(found, name, column="images"):
    table = data_checks(found, [])
    return table.loc[table["check"] == name, column].tolist()


def test_clean_images_have_no_warning_and_groups_of_their_own():
    found, lines = prepared(given_images())
    assert lines == []
    assert found.columns()["group"].tolist() == list(range(24)) == found.columns()["index"].tolist()
    assert "part" not in found.columns()
    assert check(found, "class") == [12, 12] and check(found, "stored", "subject") == ["32 x 32"]


def test_equal_images_of_two_classes_are_named():
    source = given_images()
    source.items[7] = source.items[2]  # a dog is a cat's image
    source.items[9] = source.items[11]
    found, lines = prepared(source)
    groups = found.columns()["group"]
    assert groups[7] == groups[2] and groups[9] == groups[11] and len(set(groups)) == 22
    assert any(
        "2 equal images have different labels, in 1 set (for example cat/2.png, dog/7.png: cat" in x for x in lines
    )
    assert any(line.startswith("4 images are duplicates, equal in every pixel, in 2 sets") for line in lines)
    assert check(found, "label_conflict", "detail") == ["cat/2.png, dog/7.png"]


def test_equal_images_of_two_classes_are_left_out_on_request():
    source = given_images()
    source.items[7] = source.items[2]
    source.items[9] = source.items[11]
    found, lines = prepared(source, label_conflicts="drop")
    assert found.kept.tolist() == [number for number in range(24) if number not in (2, 7)]
    columns = found.columns()
    assert columns["index"].tolist() == found.kept.tolist() and len(columns["label"]) == 22
    assert check(found, "left_out") == [2] and any("they are left out" in line for line in lines)


def test_a_class_of_which_nothing_is_left_is_one_line():
    source = given_images(4)
    source.items = [source.items[0], source.items[0], source.items[2], source.items[2]]
    with pytest.raises(StudyError, match="no image of class cat is left without equal images with different labels"):
        prepared(source, label_conflicts="drop")


@pytest.mark.parametrize("near", ["group", "ignore"])
def test_near_duplicates_form_a_group_by_default(near):
    source = given_images()
    source.items[5] = copies.encoded_again(source.items[1])
    found, lines = prepared(source, near_duplicates=near)
    groups = found.columns()["group"]
    assert (groups[5] == groups[1]) == (near == "group")
    assert any(line.startswith("near duplicates: 1 pair") for line in lines) == (near == "group")
    assert len(check(found, "near_pair", "detail")) == (near == "group")


def test_groups_of_the_source_are_kept():
    found, _ = prepared(given_images(groups=np.array([f"patient {number // 4}" for number in range(24)])))
    assert np.bincount(found.columns()["group"]).tolist() == [4] * 6
    assert check(found, "groups") == [24]


def fixed(**more):
    source = given_images(60, parts=np.repeat(["train", "validation", "test"], [30, 10, 20]), **more)
    source.items[45] = source.items[3]  # test and train
    source.items[47] = copies.encoded_again(source.items[35])  # test and validation, nearly
    source.items[33] = source.items[5]  # validation and train
    return source


def test_copies_across_fixed_parts_are_reported():
    found, lines = prepared(fixed())
    assert len(found.kept) == 60
    assert any(
        "6 images have a duplicate in another part (for example dog/3.png in train and dog/45.png" in x for x in lines
    )
    assert check(found, "across_parts") == [6]


def test_copies_across_fixed_parts_are_left_out_of_the_training_side_on_request():
    found, lines = prepared(fixed(), duplicates_across_parts="drop")
    assert sorted(set(range(60)) - set(found.kept.tolist())) == [3, 5, 35]
    assert any("3 are left out of the training side" in line for line in lines)
    parts = found.columns()["part"]
    assert (parts == "test").sum() == 20


def test_patients_in_two_fixed_parts_are_reported():
    source = given_images(20, parts=np.repeat(["train", "test"], 10), groups=np.array([f"p{n % 7}" for n in range(20)]))
    _, lines = prepared(source)
    assert any("20 images are of groups that the data's fixed parts divide (p0, p1, p2, ...)" in line for line in lines)


def test_images_of_two_shapes_are_named():
    source = given_images()
    source.items[4] = source.items[4][:, :16]
    with pytest.raises(StudyError, match=r"cat/4\.png has shape \(3, 16, 32\).*cat/0\.png has \(3, 32, 32\)"):
        prepared(source)


def run_prepare(monkeypatch, tmp_path, source, **settings):
    """Run the job on given images; return its paths."""
    monkeypatch.setattr(jobs, "prepare", lambda data: preparation.prepare_source(source, PictureReader(data), data))
    names = ("images.parquet", "classes.json", "checks.parquet", "checks.csv", "data_report.html")
    paths = [tmp_path / name for name in names]
    jobs.prepare_images(settings, *paths, JobContext(draw=0, split="", version=2))
    return paths


def test_the_job_writes_images_a_table_and_a_page(monkeypatch, tmp_path, capsys):
    source = given_images(classes=["<cat>", "dog & co"], skipped={"no image": ["a/Thumbs.db"]})
    source.items[7] = source.items[2]
    images, _, checks, csv, page = run_prepare(monkeypatch, tmp_path, source)
    read = read_images(images)
    assert np.array_equal(read.images, np.stack(source.items)) and np.array_equal(read.labels, source.labels)
    assert list(read.columns.columns) == ["index", "group"]
    table = read_table(checks, "data_checks")
    assert {"class", "equal_set", "label_conflict", "warning", "skipped"} <= set(table["check"])
    assert csv.read_text().startswith("check,subject,images,share,detail")
    html = page.read_text()
    assert "&lt;cat&gt;: 12 images" in html and "<cat>" not in html and "a/Thumbs.db" in html
    assert html.count("<img") >= 2 + 2
    assert "warning: data: 2 equal images have different labels" in capsys.readouterr().err


def test_the_parts_are_rows_of_the_images(monkeypatch, tmp_path):
    source = fixed()
    images, *_ = run_prepare(monkeypatch, tmp_path, source, duplicates_across_parts="drop")
    context = JobContext(draw=0, split="S", seed=1)
    files = {part: tmp_path / f"{part}.parquet" for part in ("train", "subtrain", "validation", "calibration", "test")}
    jobs.write_train(images, "all", files["train"], context)
    jobs.write_carved(files["train"], None, files["subtrain"], files["validation"], context)
    jobs.write_held_out(images, "all", 0.2, files["calibration"], files["test"], context)
    tables = {part: pq.read_table(path) for part, path in files.items()}
    assert {part: table.num_rows for part, table in tables.items()} == {
        "train": 37, "subtrain": 28, "validation": 9, "calibration": 4, "test": 16,
    }  # fmt: skip
    all_rows = pq.read_table(images)
    encoded = dict(zip(all_rows["index"].to_pylist(), all_rows["image"].to_pylist(), strict=True))
    for table in tables.values():
        assert table.schema.equals(all_rows.schema, check_metadata=True)
        for index, image in zip(table["index"].to_pylist(), table["image"].to_pylist(), strict=True):
            assert image == encoded[index]
    assert set(tables["test"]["part"].to_pylist()) == {"test"}


@pytest.mark.skipif("UNDERSTUDY_DATA" not in os.environ, reason="needs the folder of shared data")
def test_copies_of_blood_cells_are_found_and_kept_together():
    table = pq.read_table(Path(os.environ["UNDERSTUDY_DATA"]) / "pbc64.parquet")
    labels, classes = table["label"].to_numpy(), table["class"].to_numpy(zero_copy_only=False)
    names = [classes[np.flatnonzero(labels == label)[0]] for label in range(8)]
    source = Given([image["bytes"] for image in table["image"].to_pylist()], labels, names)
    found, lines = prepared(source, size=16)
    groups = found.columns()["group"]
    sets = found.relations.sets(found.relations.equal)
    assert len(sets) == 17 and all(len(set(groups[images])) == 1 for images in sets)
    assert any("2 equal images have different labels, in 1 set" in line for line in lines)
    assert np.bincount(groups).max() <= 3
