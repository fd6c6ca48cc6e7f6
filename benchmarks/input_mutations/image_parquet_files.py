"""Mutations of files of parquet: several, of parts, empty, broken or missing."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.input_mutations.cases import Case, Reads, mutation
from benchmarks.input_mutations.image_parquet import Table, table
from benchmarks.input_mutations.image_sets import of_images, read_images

KIND = "image parquet"


@mutation(KIND)
def several_files(rng: np.random.Generator, folder: Path) -> Case:
    """A folder of files, with others beside them, or a pattern; types differ between files."""
    given = table(rng, folder)
    cut, shards = int(rng.integers(1, given.count)), folder / "draw=1"
    for name, rows in (("b.parquet", slice(0, cut)), ("a.parquet", slice(cut, None))):
        part = Table(given.path, rng, given.pixels[rows], given.labels[rows])
        part.write(shards / name, label=part.labels.astype(rng.choice(["int8", "int64", "uint8"])))
    (shards / "._a.parquet").write_bytes(b"Mac OS X")
    (shards / "README.md").write_text("two files")
    given.path = shards if rng.random() < 0.5 else shards / "*.parquet"
    return given.reads()


@mutation(KIND)
def files_of_parts(rng: np.random.Generator, folder: Path) -> Case:
    """Files named as train and test: refused until someone says what they are."""
    given = table(rng, folder)
    shards, files = folder / "data", {"train": "train-00000-of-00001.parquet", "test": "test-00000-of-00001.parquet"}
    for name in files.values():
        given.write(shards / name)
    given.path = shards
    if rng.random() < 0.4:
        return given.refuses("data.parts")
    given.settings["parts"] = {part: name.replace("00000-of-00001", "*") for part, name in files.items()}
    images = [(str(label), part, one) for part in files
              for label, one in zip(given.labels, given.pixels, strict=True)]  # fmt: skip
    values = of_images(images, [str(number) for number in range(given.labels.max() + 1)])
    return Reads(lambda: read_images(given.data()), values)


@mutation(KIND)
def no_parquet(rng: np.random.Generator, folder: Path) -> Case:
    """A file that was cut short, emptied, or is something else."""
    given = table(rng, folder)
    given.write()
    content = given.path.read_bytes()
    kinds = [b"", content[: int(len(content) * rng.uniform(0.1, 0.9))], b"image,label\n", b"<html>", content[:-4]]
    given.path.write_bytes(kinds[rng.integers(len(kinds))])
    return given.refuses("is not a readable parquet file")


@mutation(KIND)
def no_file(rng: np.random.Generator, folder: Path) -> Case:
    """A folder without a file of parquet, or with such files in a folder below."""
    given = table(rng, folder)
    given.path = folder / "data"
    if rng.random() < 0.5:
        given.path.mkdir()
        given.write(given.path / "inner" / "a.parquet")
    else:
        given.path.mkdir()
        (given.path / "images.csv").write_text("image,label\n")
    return given.refuses("holds no parquet file")


@mutation(KIND)
def empty_file_among_others(rng: np.random.Generator, folder: Path) -> Case:
    """A file without a row beside one with all of them."""
    given = table(rng, folder)
    shards = folder / "data"
    given.write(shards / "b.parquet")
    schema = pq.read_schema(shards / "b.parquet")
    pq.write_table(schema.empty_table(), shards / str(rng.choice(["a.parquet", "c.parquet"])))
    given.path = shards
    return given.reads()


@mutation(KIND)
def columns_that_one_file_lacks(rng: np.random.Generator, folder: Path) -> Case:
    """Files that differ in their columns, or in whether labels are numbers."""
    given = table(rng, folder)
    given.path = folder / "data"
    given.write(given.path / "a.parquet")
    if rng.random() < 0.5:
        pq.write_table(pa.table({"image": given.files}), given.path / "b.parquet")
        return given.refuses("b.parquet lacks the column(s) label")
    given.write(given.path / "b.parquet", label=given.labels.astype(str))
    return given.refuses("numbers in some files and text in others")
