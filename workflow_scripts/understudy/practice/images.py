"""The images of a run under way: arrays on disk that grow, so that a set may be larger than memory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from understudy.data.shards import read_images, write_images
from understudy.files import read_json

COLUMNS = {"label": np.int64, "seed": np.int64, "addition": np.int64, "entropy": np.float32}


@dataclass(frozen=True)
class Batch:
    """Images uint8 [N, C, H, W], their labels and seeds int64 [N], and the learner's entropy float32 [N].

    A real image's seed is its place in the data.
    """

    images: np.ndarray
    labels: np.ndarray
    seeds: np.ndarray
    entropies: np.ndarray


class GrowingSet:
    """Room for ``capacity`` images of one shape in a folder; what is written outlives the process.

    Which of them count is for the caller to remember, with its checkpoints.
    """

    def __init__(self, folder: Path, capacity: int, shape: tuple[int, int, int]):
        folder.mkdir(parents=True, exist_ok=True)
        self.images = _array(folder / "images.npy", np.uint8, (capacity, *shape))
        self.columns = {name: _array(folder / f"{name}.npy", kind, (capacity,)) for name, kind in COLUMNS.items()}

    def put(self, start: int, batch: Batch, addition: int) -> None:
        """Write a batch from place ``start`` on, as part of the addition of this number (0: the start)."""
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
            path = folder / f"shard-{shard:05d}.parquet"
            write_images(path, self.images[part], values.pop("label"), **values)


def _array(path: Path, kind: type, shape: tuple[int, ...]) -> np.memmap:
    if path.exists():
        found = np.lib.format.open_memmap(path, mode="r+")
        if found.shape == shape and found.dtype == kind:
            return found
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)


class PlainPool:
    """The plain images of one seed, made ahead for all arms: image i has class i modulo the number of classes."""

    def __init__(self, folders: list[Path]):
        manifests = [read_json(folder / "manifest.json") for folder in folders]
        self.files = [folder / "shard.parquet" for folder in folders]
        self.starts = np.cumsum([0] + [manifest["images"] for manifest in manifests])
        self.seconds_per_image = sum(manifest["seconds"] for manifest in manifests) / self.starts[-1]
        self.last: tuple[int, Batch] | None = None

    def read(self, start: int, count: int) -> Batch:
        """Return the images ``start`` to ``start + count``."""
        parts = []
        for number, first in enumerate(self.starts[:-1]):
            low, high = max(start, first), min(start + count, self.starts[number + 1])
            if low < high:
                batch = self._shard(number)
                part = slice(low - first, high - first)
                parts.append([value[part] for value in vars(batch).values()])
        return Batch(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _shard(self, number: int) -> Batch:
        # Images are read in order: one shard in memory is enough.
        if self.last is None or self.last[0] != number:
            data = read_images(self.files[number])
            unknown = np.full(len(data.labels), np.nan, np.float32)
            self.last = number, Batch(data.images, data.labels, data.columns["seed"].to_numpy(), unknown)
        return self.last[1]
