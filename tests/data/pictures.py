"""Small pictures and folders of these for the tests of data."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from understudy.data.reading import PictureReader
from understudy.data.settings import DataSettings
from understudy.data.shards import Images, stack_images
from understudy.data.source_images import SourceImages
from understudy.data.sources import SOURCES


def picture(shade: int = 128, size: int = 6) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (size, size), (shade, shade // 2, 7))


def encoded(shade: int = 128, kind: str = "PNG") -> bytes:
    """Return the bytes of such a picture's file."""
    buffer = io.BytesIO()
    picture(shade).save(buffer, kind)
    return buffer.getvalue()


def save(root: Path, *paths: str, kind: str = "PNG") -> Path:
    """Save pictures, each of its own shade, at paths below a folder; return the folder."""
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(encoded(number % 256, kind))
    return root


def found(root: Path | None = None, source: str = "imagefolder", **settings: object) -> SourceImages:
    """Return what a source finds."""
    data = DataSettings(source=source, root=root, **settings)
    return SOURCES[data.kind].read(data)


def load_source(settings: DataSettings) -> tuple[Images, list[str]]:
    """Return a source's images as a study reads them, and its classes' names."""
    images, reader = SOURCES[settings.kind].read(settings), PictureReader(settings)
    pictures = [reader.read(item, name).pixels for item, name in zip(images.items, images.names, strict=True)]
    reader.finish()
    columns = pd.DataFrame({"index": np.arange(len(images.labels))})
    if images.parts is not None:
        columns["part"] = images.parts
    return Images(stack_images(pictures, images.names), images.labels, columns), images.classes


def labelled(images: SourceImages) -> list[tuple[str, str]]:
    """Return the file's name and the class's name of each image."""
    return [(Path(name).name, images.classes[label]) for name, label in zip(images.names, images.labels, strict=True)]


def write_parquet(path: Path, labels: object, names: list[str] | None = None, **columns: object) -> Path:
    """Write a parquet file of as many pictures as labels, as others do; return its path."""
    table = {"image": [encoded(number) for number in range(len(labels))], "label": labels, **columns}
    table = pa.table({key: values for key, values in table.items() if values is not None})
    if names:
        features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def save_medmnist(path: Path, shape: tuple[int, ...] = (8, 8), **changes: object) -> Path:
    """Write an npz file as MedMNIST has them, of two classes; ``changes`` replace arrays, None leaves one out."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 20), ("val", 6), ("test", 10)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (count, *shape), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count) % 2)[:, None].astype(np.uint8)
    np.savez(path, **{name: array for name, array in (arrays | changes).items() if array is not None})
    return path
