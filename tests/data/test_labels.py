"""Labels and groups from CSV files, columns and patterns."""

import numpy as np
import pytest

from tests.data.pictures import found, labelled, save, write_parquet
from understudy.errors import StudyError

ROWS = [("a/0.png", "yes"), ("a/1.png", "no"), ("b/0.png", "007"), ("b/größe, 1.png", "7")]
EXPECTED = [("0.png", "yes"), ("1.png", "no"), ("0.png", "007"), ("größe, 1.png", "7")]


@pytest.fixture
def folder(tmp_path):
    return save(tmp_path / "pictures", *[path for path, _ in ROWS])


def table(rows, delimiter=",", quote='"', end="\n", header=("file", "label")):
    return "".join(delimiter.join(f"{quote}{cell}{quote}" for cell in row) + end for row in [header, *rows])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (table(ROWS), "utf-8"),
        (table(ROWS, end="\r\n"), "utf-8-sig"),
        (table(ROWS, ";", end="\r\n"), "cp1252"),
        (table(ROWS, "\t", quote=""), "utf-16"),
        (table(ROWS, "\t", quote="", end="\r"), "utf-16-le"),
        ("sep=;\r\n" + table(ROWS, ";", quote="", end="\r\n"), "utf-8"),
        (table(ROWS, "|", quote=""), "latin-1"),
        (table([(f" {path} ", f"{label} ") for path, label in ROWS], header=(" File", "LABEL ")), "utf-8"),
        (table([(f"./{path}".replace("/", "\\"), label) for path, label in ROWS]), "utf-8"),
        (table([(f"pictures/{path}", label) for path, label in ROWS]), "utf-8"),
        (table([(label, "x", path) for path, label in ROWS], header=("label", "other", "file")) + "\n,,\n", "utf-8"),
        (table([(path.removesuffix(".png"), label) for path, label in ROWS]), "utf-8"),
        (table(ROWS).replace("ö", "o\u0308"), "utf-8"),
        (table([*ROWS, ROWS[0]]), "utf-8"),
    ],
)
def test_tables_of_spreadsheets_are_read(folder, text, encoding):
    (folder / "labels.csv").write_bytes(text.encode(encoding))
    images = found(folder, labels="labels.csv")
    assert labelled(images) == EXPECTED
    assert images.classes == ["007", "7", "no", "yes"]


def test_names_may_stand_without_their_folders_where_one_image_has_them(tmp_path):
    save(tmp_path, "x/one.png", "y/deep/two.png", "y/three.png", "y/four.png")
    (tmp_path / "labels.csv").write_text("file,label\none.png,cat\ndeep/two.png,dog\nthree,dog\n")
    images = found(tmp_path, labels=tmp_path / "labels.csv")
    assert labelled(images) == [("one.png", "cat"), ("three.png", "dog"), ("two.png", "dog")]
    assert [name.rsplit("/", 1)[1] for name in images.skipped["without a line in " + str(tmp_path / "labels.csv")]] == [
        "four.png"
    ]


def test_a_folder_of_the_roots_own_name_is_one_of_its_folders(tmp_path):
    root = save(tmp_path / "set", "set/0.png", "0.png")
    (root / "labels.csv").write_text("file,label\nset/0.png,inner\n0.png,outer\n")
    assert [found(root, labels="labels.csv").classes[label] for label in found(root, labels="labels.csv").labels] == [
        "outer", "inner",
    ]  # fmt: skip
    (root / "labels.csv").write_text("file,label\nset/set/0.png,inner\nset/0.png,inner\n0.png,outer\n")
    assert len(found(root, labels="labels.csv").labels) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a/0.png,cat\n", r"lacks the column\(s\) file and label in its first line \('a/0\.png,cat'\)"),
        ("file,label\n", "has no line below"),
        ("file,label\na/0.png,\n", "line 2: the label is missing"),
        ("file,label\na/0.png,x\n0.png,y\n", r"2 files are called 0\.png \(a/0\.png, b/0\.png\)"),
        ("file,label\na/0.png,x\na/9.png,y\nc/0.png,y\n", r"has 2 files that aren't among the images \(a/9\.png, c/0"),
        ("file,label\na/0.png,x\na/0.png,y\n", r"line 3: a/0\.png is y, before it was x"),
        ("file,label\na/0.png,x\na/0,y\n", r"a/0\.png is both x and y"),
        ("file,label\na/0.png,x,y\n", "line 2 has 3 columns, the first line 2"),
        ("file,label\na/0.png\n", "line 2 has 1 columns"),
        ('file,label\n"a/0.png,x\na/1.png,y\n', "correct its quotes"),
        ("file,label\na/0.png,Cat\na/1.png,cat\n", r"classes 'Cat' and 'cat' differ by case"),
        ("file;label\na/0.png,x\n", "line 2 has 1 columns"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(folder, text, message):
    (folder / "labels.csv").write_text(text)
    with pytest.raises(StudyError, match=message) as refused:
        found(folder, labels="labels.csv")
    assert "\n" not in str(refused.value)


def test_columns_may_have_other_names(folder):
    (folder / "labels.csv").write_text(table(ROWS, header=("image_id", "species")))
    names = {"file": "image_id", "label": "species"}
    assert labelled(found(folder, labels="labels.csv", columns=names)) == EXPECTED
    assert found(folder, labels="labels.csv", columns=names, classes=["yes", "no"]).labels.tolist() == [0, 1]


def test_groups_come_from_a_pattern_a_file_or_a_column(tmp_path):
    paths = ["cat/p1/0.png", "cat/p2/0.png", "dog/p1/0.png", "dog/x/p3_0.png"]
    save(tmp_path, *paths)
    expected = ["p1", "p2", "p1", "p3"]
    assert found(tmp_path, groups=r"/(p\d)[/_]").groups.tolist() == expected
    assert found(tmp_path, groups=r"p\d").groups.tolist() == expected
    groups = table([*zip(paths, expected, strict=True)], header=("file", "group"))
    (tmp_path / "patients.csv").write_text(groups + "of/another/set.png,p9\n")
    assert found(tmp_path, groups="patients.csv").groups.tolist() == expected
    rows = [(path, path[:3], group) for path, group in zip(paths, expected, strict=True)]
    (tmp_path / "labels.csv").write_text(table(rows, header=("file", "label", "patient")))
    assert found(tmp_path, labels="labels.csv", groups="patient").groups.tolist() == expected
    with pytest.raises(StudyError, match=r"'pateint' fits nothing of the path of 4 image\(s\): cat/p1/0\.png"):
        found(tmp_path, labels="labels.csv", groups="pateint")
    with pytest.raises(StudyError, match=r"fits nothing of the path of 1 image\(s\): dog/x/p3_0\.png"):
        found(tmp_path, groups=r"/(p\d)/")
    with pytest.raises(StudyError, match="no column, CSV file or regular expression"):
        found(tmp_path, groups="(p")
    (tmp_path / "patients.csv").write_text(groups.splitlines()[0] + "\n" + groups.splitlines()[1])
    with pytest.raises(StudyError, match=r"patients\.csv has no line for 3 image\(s\): cat/p2/0\.png"):
        found(tmp_path, groups="patients.csv")


def test_groups_of_parquet_come_from_a_column_or_the_images_paths(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", [0, 1, 0], patient=np.array([7, 7, 8]))
    assert found(path, "parquet", groups="patient").groups.tolist() == ["7", "7", "8"]
    with pytest.raises(
        StudyError, match=r"'pat' is no column of .*\(image, label, patient\), whose images have no paths"
    ):
        found(path, "parquet", groups="pat")
    images = [{"bytes": b"x", "path": f"p{number}/0.png"} for number in (1, 2)]
    path = write_parquet(tmp_path / "b.parquet", [0, 1], image=images)
    assert found(path, "parquet", groups=r"p\d").groups.tolist() == ["p1", "p2"]
