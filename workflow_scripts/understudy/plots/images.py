"""Picking a few images out of files of many, and arranging them for a look."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from understudy.data.decoding import decode
from understudy.data.shards import read_labels, read_parquet, stack_images

GAP = 1  # white pixels between images


def read_at(path: str | Path, positions: Sequence[int]) -> np.ndarray:
    """Read the images at ``positions`` of a file or of a folder of shards in name order: uint8 [N, C, H, W].

    Only these are decoded: a synthetic set may hold a hundred thousand.
    """
    path = Path(path)
    wanted = np.asarray(positions, dtype=np.int64)
    found: dict[int, np.ndarray] = {}
    start = 0
    for file in sorted(path.glob("[!.]*.parquet")) if path.is_dir() else [path]:
        pictures = read_parquet(file, ["image"]).column("image")
        here = np.unique(wanted[(wanted >= start) & (wanted < start + len(pictures))])
        found |= {int(i): decode(pictures[int(i) - start].as_py()["bytes"], f"{file}, row {i - start}") for i in here}
        start += len(pictures)
    return stack_images([found[int(i)] for i in wanted], [f"{path}, image {i}" for i in wanted])


def first_of_classes(path: str | Path, classes: Sequence[int], count: int) -> list[np.ndarray]:
    """Return the first ``count`` images of each class in file order: uint8 [n <= count, C, H, W]."""
    labels = read_labels(path)
    places = [np.flatnonzero(labels == label)[:count] for label in classes]
    images = read_at(path, np.concatenate(places))
    return np.split(images, np.cumsum([len(part) for part in places])[:-1])


def mosaic(rows: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Arrange rows of images, each uint8 [n <= columns, C, H, W], on white: uint8 [height, width, 3]."""
    _, _, height, width = rows[0].shape
    canvas = np.full((len(rows) * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            top, left = row * (height + GAP), column * (width + GAP)
            # [C, H, W] -> [H, W, C]; one channel is repeated to three by broadcasting
            canvas[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return canvas
