"""The plain images of one seed, made ahead for all variants: image i has class i modulo the number of classes."""

from pathlib import Path

import numpy as np
from torch import Tensor

from understudy.data.shards import read_images, write_images
from understudy.files import read_json, write_json
from understudy.practice.images import GrowingSet, ImageBatch
from understudy.practice.sampling import Sampler
from understudy.practice.steps import seconds
from understudy.seeds import seed_for
from understudy.training_loop import Training


class PoolSampling(Training):
    """The making of a pool's images ``first`` to ``first + total``; a :class:`~understudy.training_loop.Training`.

    Each image has a seed of its own, derived from ``seed``, whatever shard it is in.
    """

    note = ""

    def __init__(self, sampler: Sampler, first: int, total: int, seed: int, folder: Path):
        self.sampler, self.first, self.total, self.done, self.seconds = sampler, first, total, 0, 0.0
        numbers = range(first, first + total)
        self.labels = np.array(numbers) % sampler.denoiser.classes
        self.seeds = np.array([seed_for(seed, "plain", number) for number in numbers], np.int64)
        self.images = GrowingSet(folder, total, sampler.denoiser.image_shape)

    def advance(self) -> None:
        """Make the next batch."""
        part = slice(self.done, min(self.done + self.sampler.sampling.batch, self.total))
        began = seconds(self.sampler.denoiser.device)
        sampled = self.sampler.sample(self.labels[part], self.seeds[part])
        self.seconds += seconds(self.sampler.denoiser.device) - began
        self.images.put(self.done, sampled, 0)
        self.done = part.stop

    def state_dict(self) -> dict[str, Tensor]:
        """Bring the images to the disk, where they are kept; there are no tensors."""
        self.images.flush()
        return {}

    def log_dict(self) -> dict:
        """Return the seconds spent."""
        return {"seconds": self.seconds}

    def load_log_dict(self, log: dict) -> None:
        """Take over what :meth:`log_dict` returned."""
        self.seconds = log["seconds"]

    def write(self, folder: Path) -> None:
        """Write the images as a shard, and its manifest."""
        write_images(folder / "shard.parquet", self.images.images, self.labels, seed=self.seeds)
        write_json(folder / "manifest.json", {"images": self.total, "first": self.first, "seconds": self.seconds})


class PlainPool:
    """The shards of one seed's pool, one after the other."""

    def __init__(self, folders: list[Path]):
        manifests = [read_json(folder / "manifest.json") for folder in folders]
        self.files = [folder / "shard.parquet" for folder in folders]
        self.starts = np.cumsum([0] + [manifest["images"] for manifest in manifests])
        self.seconds_per_image = sum(manifest["seconds"] for manifest in manifests) / self.starts[-1]
        self.last: tuple[int, ImageBatch] | None = None

    def read(self, start: int, count: int) -> ImageBatch:
        """Return the images ``start`` to ``start + count``."""
        parts = []
        for number, first in enumerate(self.starts[:-1]):
            low, high = max(start, first), min(start + count, self.starts[number + 1])
            if low < high:
                batch, part = self._shard(number), slice(low - first, high - first)
                parts.append((batch.images[part], batch.labels[part], batch.seeds[part]))
        return ImageBatch(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _shard(self, number: int) -> ImageBatch:
        # Images are read in order: one shard in memory is enough.
        if self.last is None or self.last[0] != number:
            data = read_images(self.files[number])
            self.last = number, ImageBatch(data.images, data.labels, data.columns["seed"].to_numpy())
        return self.last[1]
