"""Labelled images in parquet files of others, as Hugging Face's ``datasets``, polars and pandas write them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.data.names import matching, part_of_name, parts_in_names
from understudy.data.readers.groups import groups_by_path
from understudy.data.shards import check_image_type
from understudy.data.source_images import (
    PartsNotClassesError,
    SourceImages,
    number_texts,
    offered_parts,
    with_classes,
    without_others,
)
from understudy.errors import StudyError
from understudy.text import printable, some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

# What others call the columns, to suggest.
USUAL_NAMES = {
    "image": ("img", "images", "picture", "jpg", "jpeg", "png", "bytes"),
    "label": ("labels", "fine_label", "class", "target", "targets", "y", "label_id", "category"),
}


def read(settings: "DataSettings") -> SourceImages:
    """Return the images of all files of the root, or of the parts."""
    paths = {part: parquet_files(path) for part, path in settings.part_paths.items()}
    if settings.parts is None and not settings.pool_parts:
        _refuse_own_parts(paths[""])
    shards = [
        Shard(path, settings.column("image"), settings.column("label")) for files in paths.values() for path in files
    ]
    values, names = label_values(shards)
    if values.dtype == object:
        labels, classes = number_texts(values.tolist(), settings, "data.root: column " + settings.column("label"))
    else:
        labels = values
        classes = names or [str(number) for number in range(max(int(labels.max(initial=-1)), 0) + 1)]
    counts = [sum(Shard.rows(shard) for shard in shards if shard.path in files) for files in paths.values()]
    found = SourceImages(
        Rows(shards),
        labels,
        [f"{printable(shard.path)}, row {row}" for shard in shards for row in range(shard.rows())],
        classes,
        None if "" in paths else np.repeat(list(paths), counts),
        _groups(settings, shards) if settings.groups else None,
    )
    return without_others(found) if values.dtype == object else with_classes(found, settings)


def parquet_files(path: Path) -> list[Path]:
    """Return the files of a folder, of a pattern such as ``data/train-*.parquet``, or the one file, by name.

    Raises
    ------
    StudyError
        There is none.

    """
    files = sorted(path.glob("[!.]*.parquet")) if path.is_dir() else matching(path)
    if not files:
        below = next(iter(sorted(path.rglob("[!.]*.parquet"))), None) if path.is_dir() else None
        hint = f"; there are some in {printable(below.parent)}" if below else ""
        raise StudyError(f"{printable(path)} holds no parquet file; expected image shards (*.parquet){hint}")
    return files


def _refuse_own_parts(files: Sequence[Path]) -> None:
    found = parts_in_names([file.stem for file in files])
    if not found:
        return
    folder = files[0].parent
    paths = {part: folder / _pattern(name) for part, name in found.items()}
    raise PartsNotClassesError(
        f"data.root: {printable(folder)} has files named as parts of the data "
        f"({some(file.name for file in files)}); set `data.parts: {offered_parts(paths)}`, or "
        "`data.pool_parts: true` to draw splits from all images"
    )


def _pattern(name: str) -> str:
    """Return the pattern of the files of a part, one of which has this name, such as ``train*.parquet``."""
    words = [word for word in re.split(r"[\W_\d]+", name) if word]
    return f"{words[0]}*.parquet" if part_of_name(words[0]) else f"*{words[-1]}*.parquet"


@dataclass(frozen=True)
class Shard:
    """One file, with the names of its columns of images and of labels."""

    path: Path
    image: str = "image"
    label: str = "label"

    def open(self) -> pq.ParquetFile:
        """Open the file and check its columns.

        Raises
        ------
        StudyError
            It isn't parquet, lacks a column, or has images that are no bytes of files.

        """
        try:
            # A single file is opened as such: read as a data set, a folder named `draw=1` would become a column.
            file = pq.ParquetFile(self.path)
        except (pa.ArrowInvalid, OSError) as error:
            raise StudyError(f"{printable(self.path)} is not a readable parquet file ({error}); repair it") from error
        schema = file.schema_arrow
        for key, name in (("image", self.image), ("label", self.label)):
            if name not in schema.names:
                raise StudyError(self._lacking(schema.names))
            if key == "image":
                check_image_type(schema.field(name).type, self.path, name)
        return file

    def _lacking(self, names: Sequence[str]) -> str:
        wanted = {"image": self.image, "label": self.label}
        lacking = {key: name for key, name in wanted.items() if name not in names}
        usual = {
            key: next((name for name in USUAL_NAMES[key] if name in names), f"ITS_{key.upper()}_COLUMN")
            for key in lacking
        }
        shown = ", ".join(f"{key}: {name}" for key, name in usual.items())
        return (
            f"{printable(self.path)} lacks the column(s) {', '.join(lacking.values())}; it has: {', '.join(names)}; "
            f"name them: `data.columns: {{{shown}}}`"
        )

    def rows(self) -> int:
        """Return the number of images."""
        with self.open() as file:
            return file.metadata.num_rows

    def read(self, column: str, group: int | None = None) -> pa.ChunkedArray:
        """Read a column, or a field such as ``image.path``, of one row group or of all."""
        with self.open() as file:
            try:
                table = file.read(columns=[column]) if group is None else file.read_row_group(group, columns=[column])
            except (pa.ArrowInvalid, OSError, pa.ArrowNotImplementedError) as error:
                raise StudyError(
                    f"{printable(self.path)} is not a readable parquet file ({error}); repair it"
                ) from error
        return table.column(0)

    def class_names(self) -> list[str] | None:
        """Return the names of the classes that ``datasets`` keeps in the file's metadata."""
        with self.open() as file:
            stored = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
        try:
            features = json.loads(stored)["info"]["features"]
            names = features[self.label]["names"]
        except (ValueError, LookupError, TypeError):
            return None
        return [str(name) for name in names] if isinstance(names, list) and names else None


def label_values(shards: Sequence[Shard]) -> tuple[np.ndarray, list[str] | None]:
    """Return the labels of all shards, int64 [N] or text (dtype object), and the names that numbers stand for.

    Raises
    ------
    StudyError
        A label is missing, or neither a whole number nor text; the files differ in their classes.

    """
    values = [_plain_labels(shard.read(shard.label), shard) for shard in shards]
    if len({one.dtype for one in values}) > 1:
        raise StudyError(f"{printable(shards[0].path.parent)}: labels are numbers in some files and text in others")
    names = [shard.class_names() for shard in shards]
    other = next((shard for shard, mine in zip(shards, names, strict=True) if mine != names[0]), None)
    if other is not None:
        raise StudyError(
            f"{printable(other.path)} has other names of classes (ClassLabel) than {printable(shards[0].path)}; write "
            "both with the same features"
        )
    return np.concatenate(values), names[0] if values[0].dtype != object else None


def _plain_labels(column: pa.ChunkedArray, shard: Shard) -> np.ndarray:
    where, kind = f"{printable(shard.path)}: column {shard.label}", column.type
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise StudyError(f"{where} is {kind}, expected whole numbers or text, none missing; row {row} is")
    try:
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        if pa.types.is_boolean(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            column = column.cast(pa.string())
            kind = column.type
        if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
            column = column.cast(pa.float64())
            kind = column.type
        if pa.types.is_floating(kind) or pa.types.is_integer(kind):
            return column.cast(pa.int64()).to_numpy()  # refuses what isn't whole
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return np.array(column.to_pylist(), dtype=object)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise StudyError(f"{where} is {kind}, expected whole numbers or text ({str(error).splitlines()[0]})") from error
    raise StudyError(f"{where} is {kind}, expected whole numbers or text: one class an image")


@dataclass
class Rows(Sequence):
    """The bytes of the images of shards; in order, each row group is read once."""

    shards: Sequence[Shard]
    _places: np.ndarray = field(init=False, repr=False)
    _group: tuple[tuple[int, int], Any] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self._places = np.array(
            [
                (number, group, row)
                for number, shard in enumerate(self.shards)
                for group, rows in enumerate(_group_sizes(shard))
                for row in range(rows)
            ]
        ).reshape(-1, 3)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> bytes:
        shard, group, row = (int(one) for one in self._places[number])
        if self._group is None or self._group[0] != (shard, group):
            self._group = (shard, group), self.shards[shard].read(self.shards[shard].image, group)
        value = self._group[1][row].as_py()
        content = value.get("bytes") if isinstance(value, dict) else value
        if content:
            return content
        path = value.get("path") if isinstance(value, dict) else None
        has = f"a path alone ({path})" if path else "no bytes"
        raise StudyError(
            f"{printable(self.shards[shard].path)}: image {row} of row group {group} has {has}, not the bytes of an "
            "image file; write the files' bytes, or use source imagefolder with `data.labels`"
        )


def _group_sizes(shard: Shard) -> list[int]:
    with shard.open() as file:
        return [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]


def _groups(settings: "DataSettings", shards: Sequence[Shard]) -> np.ndarray:
    """Return the name of each image's group, text [N]: from a column, or by the paths of the images."""
    with shards[0].open() as file:
        columns = file.schema_arrow.names
    if settings.group_file is None and settings.groups in columns:
        values = [one for shard in shards for one in shard.read(settings.groups).to_pylist()]
        if None in values:
            raise StudyError(f"data.groups: column {settings.groups} has no value in row {values.index(None)}; add it")
        return np.array([str(value) for value in values])
    paths = []
    for shard in shards:
        try:
            paths += shard.read(f"{shard.image}.path").to_pylist()
        except (StudyError, IndexError) as error:
            raise StudyError(_no_path(settings, shard, columns)) from error
    if not all((isinstance(one, dict) and one.get("path")) or isinstance(one, str) for one in paths):
        raise StudyError(_no_path(settings, shards[0], columns))
    found = [one["path"] if isinstance(one, dict) else one for one in paths]
    return groups_by_path(settings, found, found)


def _no_path(settings: "DataSettings", shard: Shard, columns: Sequence[str]) -> str:
    return (
        f"data.groups: {settings.groups!r} is no column of {printable(shard.path)} ({', '.join(columns)}), whose "
        "images have no paths either; name one of its columns"
    )
