"""Mutations of parquet files of images: types of columns, labels, classes, files."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from benchmarks.input_mutations.image_sets import noise, of_images, read_images, saved
from understudy.data.settings import DataSettings

KIND = "image parquet"
NAMES = ("bee", "cat", "dog")


@dataclass
class Table:
    """Images in a parquet file, with labels from 0."""

    path: Path
    rng: np.random.Generator
    pixels: list[np.ndarray]
    labels: np.ndarray
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.labels)

    @property
    def files(self) -> list[bytes]:
        """The images' files."""
        return [saved(one) for one in self.pixels]

    def write(self, path: Path | None = None, names: list[str] | None = None, **columns: Any) -> None:
        """Write the table; ``columns`` replace these."""
        table = pa.table({"image": self.files, "label": self.labels} | columns)
        if names:
            features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        options = {"row_group_size": int(self.rng.integers(1, 9))} if self.rng.random() < 0.5 else {}
        packing = str(self.rng.choice(["snappy", "gzip", "zstd", "none", "lz4", "brotli"]))
        path = path or self.path
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path, compression=packing, **options)

    def data(self) -> DataSettings:
        """Return the settings of the data."""
        return DataSettings(source="parquet", root=self.path, **self.settings)

    def reads(self, classes: list[str] | None = None, kept: np.ndarray | None = None) -> Reads:
        """Return that the table is read, with these names of the classes, or their numbers."""
        classes = classes or [str(number) for number in range(self.labels.max() + 1)]
        images = [(classes[label], "", one) for label, one in zip(self.labels, self.pixels, strict=True)]
        return Reads(lambda: read_images(self.data()), of_images(images, classes))

    def refuses(self, word: str) -> Refuses:
        """Return that the table is refused."""
        return Refuses(lambda: read_images(self.data()), word)


def table(rng: np.random.Generator, folder: Path, classes: int | None = None) -> Table:
    """Return images of two or three classes, not written yet."""
    classes = classes or int(rng.integers(2, 4))
    shape = (8, 9, 3) if rng.random() < 0.5 else (8, 9)
    labels = rng.permutation(np.arange(rng.integers(2 * classes, 14)) % classes)
    return Table(folder / "images.parquet", rng, [noise(rng, shape) for _ in labels], labels)


@mutation(KIND)
def type_of_images(rng: np.random.Generator, folder: Path) -> Case:
    """Bytes of any of Arrow's types, or a struct as `datasets` writes it."""
    given = table(rng, folder)
    files = given.files
    structs = [{"bytes": file, "path": None if number % 2 else f"{number}.png"} for number, file in enumerate(files)]
    columns = [
        pa.array(files, pa.binary()),
        pa.array(files, pa.large_binary()),
        pa.array(files, pa.binary_view()),
        pa.array(structs),
        pa.array(structs, pa.struct({"bytes": pa.large_binary(), "path": pa.string()})),
        pa.array(files, pa.binary()).dictionary_encode(),
    ]
    given.write(image=columns[rng.integers(len(columns))])
    return given.reads()


@mutation(KIND)
def type_of_labels(rng: np.random.Generator, folder: Path) -> Case:
    """Whole numbers of any type, floats among them."""
    given = table(rng, folder)
    kinds = [pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint64(), pa.float32(), pa.float64(),
             pa.float16(), pa.decimal128(25, 1)]  # fmt: skip
    kind = kinds[rng.integers(len(kinds))]
    values = pa.array(given.labels.astype(np.float16), kind) if kind == pa.float16() else pa.array(given.labels)
    column = values.cast(kind)
    given.write(label=column.dictionary_encode() if kind == pa.int32() else column)
    return given.reads()


@mutation(KIND)
def text_labels(rng: np.random.Generator, folder: Path) -> Case:
    """Names as text, large text, views, categories or bytes: classes are in the order of text."""
    given = table(rng, folder)
    names = [str(name) for name in rng.permutation(["bee", "Cat", "two words", "Ärger", "10", "9"])]
    texts = pa.array([names[label] for label in given.labels])
    columns = [texts, texts.cast(pa.large_string()), texts.cast(pa.string_view()), texts.dictionary_encode(),
               texts.cast(pa.binary()), texts.cast(pa.large_string()).dictionary_encode()]  # fmt: skip
    given.write(label=columns[rng.integers(len(columns))])
    classes = sorted({names[label] for label in given.labels})
    given.labels = np.array([classes.index(names[label]) for label in given.labels])
    return given.reads(classes)


@mutation(KIND)
def truth_values(rng: np.random.Generator, folder: Path) -> Case:
    """True and false as labels."""
    given = table(rng, folder, classes=2)
    given.write(label=given.labels == 1)
    return given.reads(["false", "true"])


@mutation(KIND)
def class_labels(rng: np.random.Generator, folder: Path) -> Case:
    """Names of the classes in the metadata that `datasets` writes, in no order of text."""
    given = table(rng, folder)
    names = [str(name) for name in rng.permutation(NAMES)[: given.labels.max() + 1]]
    given.write(names=names)
    return given.reads(names)


@mutation(KIND)
def class_labels_that_differ(rng: np.random.Generator, folder: Path) -> Case:
    """Two files that give the same numbers to other classes."""
    given = table(rng, folder, classes=3)
    given.path = folder / "shards"
    given.write(given.path / "a.parquet", names=list(NAMES))
    given.write(given.path / "b.parquet", names=list(reversed(NAMES)))
    return given.refuses("other names of classes")


@mutation(KIND)
def label_that_is_none(rng: np.random.Generator, folder: Path) -> Case:
    """-1, a missing label, half a class, a class without images, several classes an image."""
    given = table(rng, folder, classes=3)
    place, labels = int(rng.integers(given.count)), given.labels.astype(object)
    kind = rng.integers(5)
    if kind == 0:
        labels[place] = -1
        given.write(label=labels.astype(int))
        return given.refuses("-1")
    if kind == 1:
        labels[place] = None
        given.write(label=pa.array(list(labels)))
        return given.refuses(f"row {place}")
    if kind == 2:
        labels[place] = 0.5
        given.write(label=labels.astype(float))
        return given.refuses("whole numbers")
    if kind == 3:
        given.write(label=np.where(given.labels == 1, 4, given.labels))
        return given.refuses("expected every whole number")
    given.write(label=pa.array([[label, 1] for label in given.labels.tolist()]))
    return given.refuses("one class an image")


@mutation(KIND)
def image_that_is_none(rng: np.random.Generator, folder: Path) -> Case:
    """A missing image, an empty one, a path alone, or bytes of something else."""
    given = table(rng, folder)
    place, files = int(rng.integers(given.count)), given.files
    kind = rng.integers(4)
    files[place] = [None, b"", None, b"<html>404"][kind]
    if kind == 2:
        structs = [{"bytes": file, "path": f"{number}.png"} for number, file in enumerate(files)]
        given.write(image=structs)
        return given.refuses("a path alone")
    given.write(image=pa.array(files, pa.binary()))
    return given.refuses("a web page" if kind == 3 else "no bytes")


@mutation(KIND)
def further_columns(rng: np.random.Generator, folder: Path) -> Case:
    """Columns besides, of any type and in any order."""
    given = table(rng, folder)
    more = {"id": np.arange(given.count), "boxes": [[1.0, 2.0]] * given.count, "split": ["train"] * given.count}
    columns = {"image": given.files, "label": given.labels, **more}
    names = [str(name) for name in rng.permutation(list(columns))]
    pq.write_table(pa.table({name: columns[name] for name in names}), given.path)
    return given.reads()


@mutation(KIND)
def other_names_of_columns(rng: np.random.Generator, folder: Path) -> Case:
    """Columns with other names, which the study gives or not."""
    given = table(rng, folder)
    image, label = str(rng.choice(["img", "picture", "Image"])), str(rng.choice(["fine_label", "target", "class"]))
    pq.write_table(pa.table({image: given.files, label: given.labels}), given.path)
    if rng.random() < 0.4:
        return given.refuses("data.columns")
    given.settings["columns"] = {"image": image, "label": label}
    return given.reads()


@mutation(KIND)
def names_for_numbers(rng: np.random.Generator, folder: Path) -> Case:
    """`data.classes` names the numbers, or chooses among the names that the file has."""
    given = table(rng, folder, classes=3)
    if rng.random() < 0.5:
        given.write()
        given.settings["classes"] = list(NAMES)
        return given.reads(list(NAMES))
    given.write(names=list(NAMES))
    given.settings["classes"] = ["dog", "bee"]
    kept = np.flatnonzero(given.labels != 1)
    given.pixels = [given.pixels[number] for number in kept]
    given.labels = np.where(given.labels[kept] == 2, 0, 1)
    return given.reads(["dog", "bee"])


@mutation(KIND)
def number_without_a_name(rng: np.random.Generator, folder: Path) -> Case:
    """Labels beyond the names that `datasets` keeps."""
    given = table(rng, folder, classes=3)
    given.write(names=["bee", "cat"])
    return given.refuses("expected every whole number from 0 to 1")
