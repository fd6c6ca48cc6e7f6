"""Images as parquet in the Hugging Face convention: ``image: struct<bytes, path>`` (PNG), ``label: int64``, provenance.

``datasets.load_dataset("parquet", data_files=...)`` reads these files as an image data set with class labels.
"""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.data.decoding import decode, to_picture
from understudy.errors import StudyError
from understudy.files import read_json, writing

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
ROWS_WRITTEN = 10_000


@dataclass(frozen=True)
class Images:
    """A set of images in memory.

    Attributes
    ----------
    images : uint8 array [N, C, H, W]
    labels : int64 array [N], values 0 to classes - 1
    columns : DataFrame of N rows
        Provenance, for example ``index`` (in the source) or ``seed`` (of a generated image).
    """

    images: np.ndarray
    labels: np.ndarray
    columns: pd.DataFrame

    def take(self, indices: np.ndarray) -> "Images":
        """Return the images of these ``indices``, an integer array."""
        return Images(self.images[indices], self.labels[indices], self.columns.iloc[indices].reset_index(drop=True))


def shard_name(number: int | str) -> str:
    """Return the file name of a shard by its number from 0; a rule's wildcard serves as well. Names sort as numbers."""
    return f"shard-{number:0>5}.parquet"


def encode_png(image: np.ndarray) -> bytes:
    """Encode a uint8 array [C, H, W] with 1 or 3 channels as PNG."""
    buffer = io.BytesIO()
    to_picture(image).save(buffer, format="PNG")
    return buffer.getvalue()


def stack_images(pictures: Sequence[np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Stack uint8 images [C, H, W] of one shape to [N, C, H, W].

    Raises
    ------
    StudyError
        If a shape differs from the first one's; ``names`` says which image.
    """
    for picture, name in zip(pictures, names, strict=True):
        if picture.shape != pictures[0].shape:
            raise StudyError(
                f"{name} has shape {picture.shape} (channels, height, width), but {names[0]} has {pictures[0].shape}; "
                "bring all images to one size and colour mode, or set `data.size` and `data.channels`"
            )
    return np.stack(pictures)


def write_images(path: str | Path, images: np.ndarray, labels: np.ndarray, **columns: Sequence) -> None:
    """Write images as one parquet file, whole or not at all.

    Parameters
    ----------
    images : uint8 array [N, C, H, W]
    labels : integer array [N]
    columns : further columns of N values each, such as ``index`` or ``seed``
    """
    write_encoded(path, [encode_png(image) for image in images], labels, **columns)


def write_encoded(path: str | Path, pictures: Sequence[bytes], labels: np.ndarray, **columns: Sequence) -> None:
    """Write images that are the bytes of files; see `write_images`."""
    rest = pa.table(
        {
            "label": pa.array(np.asarray(labels, dtype=np.int64)),
            **{name: pa.array(values) for name, values in columns.items()},
        }
    )
    values = {field.name: {"dtype": str(field.type), "_type": "Value"} for field in rest.schema}
    features = {"info": {"features": {"image": {"_type": "Image"}, **values}}}
    schema = rest.schema.insert(0, pa.field("image", IMAGE_TYPE)).with_metadata({"huggingface": json.dumps(features)})
    with writing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        # In pieces: one array of bytes holds two gigabytes at most.
        for start in range(0, max(len(pictures), 1), ROWS_WRITTEN):
            piece = [{"bytes": content, "path": None} for content in pictures[start : start + ROWS_WRITTEN]]
            columns_of_piece = rest.slice(start, len(piece)).columns
            writer.write_table(pa.table([pa.array(piece, type=IMAGE_TYPE), *columns_of_piece], schema=schema))


def write_rows(path: str | Path, table: pa.Table, rows: np.ndarray) -> None:
    """Write these rows of a table of images as a file of its own, as they are encoded, whole or not at all."""
    with writing(path) as temporary, pq.ParquetWriter(temporary, table.schema, compression="zstd") as writer:
        for start in range(0, max(len(rows), 1), ROWS_WRITTEN):
            writer.write_table(table.take(pa.array(rows[start : start + ROWS_WRITTEN], type=pa.int64())))


def _files(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    listed = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    files = []
    for path in listed:
        inside = sorted(path.glob("[!.]*.parquet")) if path.is_dir() else [path]
        missing = next((file for file in _listed(path) if not file.exists()), None)
        if missing:
            raise StudyError(f"{missing} is missing; delete the folder {path} and run again to rebuild it")
        if not inside:
            raise StudyError(f"{path} holds no parquet file; expected image shards (*.parquet)")
        files += inside
    return files


def _product(path: Path) -> str:
    """Say what Snakemake makes anew once it has gone: a shard's whole folder, of whose files it knows nothing."""
    return f"the folder {path.parent}" if (path.parent / "manifest.json").exists() else "it"


def _listed(folder: Path) -> list[Path]:
    """Return the shards that the manifest of a synthetic set names; other folders list none."""
    path = folder / "manifest.json"
    manifest = read_json(path) if path.exists() else {}
    return [folder / shard["file"] for shard in manifest["shards"]] if "images_per_class" in manifest else []


def read_parquet(path: str | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a parquet file of images, cut to ``columns`` where given, and check that it has images and labels.

    Raises
    ------
    StudyError
        If the file is missing, truncated, not parquet, lacks a column, or has images that aren't bytes of files; the
        message names the file.
    """
    try:
        # A single file is opened as such: read as a data set, a folder named `draw=1` would become a column.
        with pq.ParquetFile(path) as file:
            missing = [name for name in ("image", "label") if name not in file.schema_arrow.names]
            if missing:
                raise StudyError(
                    f"{path} lacks the column(s) {', '.join(missing)}; it has: {', '.join(file.schema_arrow.names)}"
                )
            check_image_type(file.schema_arrow.field("image").type, path)
            return file.read(columns=columns)
    except FileNotFoundError as error:
        raise StudyError(f"{path} does not exist") from error
    except (pa.ArrowInvalid, OSError) as error:
        product = _product(Path(path))
        raise StudyError(
            f"{path} is not a readable parquet file ({error}); delete {product} and run again to rebuild it"
        ) from error


def check_image_type(kind: pa.DataType, path: str | Path, column: str = "image") -> None:
    """Refuse a column of images that holds no bytes of files, but text or numbers."""
    inner = kind.field("bytes").type if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0 else kind
    inner = inner.value_type if pa.types.is_dictionary(inner) else inner
    if not (pa.types.is_binary(inner) or pa.types.is_large_binary(inner) or pa.types.is_binary_view(inner)):
        raise StudyError(
            f"{path}: column {column} is {kind}; expected the bytes of image files: binary, or a struct with the field "
            "bytes, as Hugging Face's `datasets` writes it; for paths of files use source imagefolder with "
            "`data.labels`"
        )


def read_images(paths: str | Path | Sequence[str | Path]) -> Images:
    """Read one parquet file, a folder of shards, or a list of either, in name order.

    Raises
    ------
    StudyError
        If a file is unreadable, lacks ``image`` or ``label``, or the images differ in shape.
    """
    pictures, names, labels, columns = read_pictures(paths)
    return Images(stack_images(pictures, names), labels, columns)


def read_pictures(
    paths: str | Path | Sequence[str | Path], convert: Callable[[bytes, str], np.ndarray] = decode
) -> tuple[list[np.ndarray], list[str], np.ndarray, pd.DataFrame]:
    """Read images of any shapes: uint8 arrays [C, H, W], their names for messages, labels, further columns.

    Each is converted, from its bytes and its name, as soon as it is read: large originals are never in memory together.
    """
    pictures, names, labels, columns = [], [], [], []
    for path in _files(paths):
        table = read_parquet(path)
        for row, image in enumerate(table.column("image")):
            names.append(f"{path}, row {row}")
            pictures.append(convert(encoded_bytes(image), names[-1]))
        labels.append(_labels(table, path))
        columns.append(table.drop_columns(["image", "label"]).to_pandas())
    if not pictures:
        raise StudyError(f"{paths} holds no image")
    return pictures, names, np.concatenate(labels), pd.concat(columns, ignore_index=True)


def encoded_bytes(image: pa.Scalar) -> bytes:
    """Return the bytes of an image's file, empty where there are none, from its value in column ``image``."""
    value = image.as_py()
    return (value.get("bytes") if isinstance(value, dict) else value) or b""


def read_labels(paths: str | Path | Sequence[str | Path]) -> np.ndarray:
    """Read only the labels, int64 [N], in the order of :func:`read_images`."""
    return np.concatenate([_labels(read_parquet(path, ["label"]), path) for path in _files(paths)])


def read_index(path: str | Path) -> np.ndarray:
    """Read which images of the data set a part holds, int64 [N], in the order of :func:`read_images`."""
    return read_parquet(path, ["index"]).column("index").to_numpy().astype(np.int64)


def read_parts(path: str | Path) -> np.ndarray | None:
    """Read which fixed part each image of the data set belongs to, text [N]; None where the data has no parts."""
    with pq.ParquetFile(path) as file:
        return file.read(columns=["part"]).column("part").to_numpy() if "part" in file.schema_arrow.names else None


def _labels(table: pa.Table, path: Path) -> np.ndarray:
    column = table.column("label")
    if not pa.types.is_integer(column.type) or column.null_count:
        raise StudyError(f"{path}: column label is {column.type}, expected whole numbers, none missing")
    return column.to_numpy().astype(np.int64)
