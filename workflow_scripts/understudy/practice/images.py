"""The images of a run under way: arrays on disk that grow, so that a set may be larger than memory."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from understudy.data.shards import shard_name, write_images
from understudy.files import writing

COLUMNS = {"label": np.int64, "seed": np.int64, "addition": np.int64, "entropy": np.float32}


@dataclass(frozen=True)
class ImageBatch:
    """Images uint8 [N, C, H, W], their labels and seeds int64 [N], and the learner's entropy float32 [N] or NaN.

    A real image's seed is its index in the data.
    """

    images: np.ndarray
    labels: np.ndarray
    seeds: np.ndarray
    entropies: np.ndarray | float = np.nan


class GrowingSet:
    """Room for ``capacity`` images of one shape in a folder; what is written outlives the process.

    Which of them count is for the caller to remember, with its checkpoints; where ``is_new``, none does: a file was
    missing or not whole, and has been made.

    Raises
    ------
    StudyError
        If there is no room for them on the disk.
    """

    def __init__(self, folder: Path, capacity: int, shape: tuple[int, int, int]):
        wanted = {"images": (np.uint8, (capacity, *shape))}
        wanted |= {name: (kind, (capacity,)) for name, kind in COLUMNS.items()}
        self.is_new = False
        self.columns = {}
        for name, (kind, size) in wanted.items():
            path = folder / f"{name}.npy"
            if not _is_whole(path, np.dtype(kind), size):
                _make(path, np.dtype(kind), size)
                self.is_new = True
            self.columns[name] = np.lib.format.open_memmap(path, mode="r+")
        self.images = self.columns.pop("images")

    def put(self, start: int, batch: ImageBatch, addition: int) -> None:
        """Write a batch from index ``start`` on, as part of the addition of this number (0: the start)."""
        part = slice(start, start + len(batch.labels))
        self.images[part] = batch.images
        values = {"label": batch.labels, "seed": batch.seeds, "addition": addition, "entropy": batch.entropies}
        for name, value in values.items():
            self.columns[name][part] = value

    def flush(self) -> None:
        """Bring everything to the disk: to be called before a checkpoint that counts on it."""
        for array in (self.images, *self.columns.values()):
            array.flush()

    def write_shards(self, folder: Path, count: int, shard_size: int) -> None:
        """Write the first ``count`` images as parquet shards."""
        for shard, start in enumerate(range(0, count, shard_size)):
            part = slice(start, min(start + shard_size, count))
            values = {name: np.asarray(column[part]) for name, column in self.columns.items()}
            path = folder / shard_name(shard)
            write_images(path, self.images[part], values.pop("label"), **values)


def _is_whole(path: Path, kind: np.dtype, shape: tuple[int, ...]) -> bool:
    try:
        found = np.lib.format.open_memmap(path, mode="r")  # "r+" would make a file that was cut short as long as it was
    except (OSError, ValueError):
        return False
    return found.shape == shape and found.dtype == kind


def _make(path: Path, kind: np.dtype, shape: tuple[int, ...]) -> None:
    """Write an array of zeros with room on the disk for each byte: a full disk raises an error here, not later."""
    with writing(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=kind, shape=shape)
        with temporary.open("r+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, array.offset + array.nbytes)
        array.flush()
