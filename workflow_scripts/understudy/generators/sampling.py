"""Sample from a trained generator: each image has a seed of its own, so that where and with whom it is made is nothing.

from understudy.generators.sampling import load_generator

generator = load_generator("results/digits/generators/draw0/Train1500/stylegan2_cond/generator.safetensors")
images = generator.sample(labels=[3, 3, 7], seeds=[0, 1, 2])  # uint8 [3, 1, 8, 8]
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from understudy.data.shards import shard_name, write_images
from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.files import write_json
from understudy.generators.snapshots import SnapshotDescription, member_networks
from understudy.seeds import seed_for

# Images handed to the network at once. On a CPU the last bits depend on it, so batches are filled up to it.
BATCH = {"cpu": 50, "cuda": 500}


class TrainedGenerator:
    """A generator read from a snapshot; see :func:`load_generator`."""

    def __init__(self, networks: list[torch.nn.Module], about: SnapshotDescription, device: torch.device):
        self.networks, self.about, self.device = networks, about, device

    @torch.no_grad()
    def sample(self, labels: Sequence[int] | np.ndarray, seeds: Sequence[int] | np.ndarray) -> np.ndarray:
        """Make one image per label and seed; on a CPU its pixels depend on these alone.

        Parameters
        ----------
        labels : integers [N], 0 to classes - 1
        seeds : integers [N] in [0, 2**63)

        Returns
        -------
        images : uint8 array [N, C, H, W]

        Raises
        ------
        StudyError
            If labels and seeds differ in number, or a label is unknown.

        """
        labels, seeds = np.asarray(labels, dtype=np.int64), np.asarray(seeds, dtype=np.int64)
        classes = self.about.classes
        if labels.shape != seeds.shape or labels.ndim != 1:
            raise StudyError(f"sampling: labels {labels.shape}, seeds {seeds.shape}; one of each per image is needed")
        if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
            raise StudyError(f"sampling: labels {labels.min()} to {labels.max()}; allowed are 0 to {classes - 1}")
        side = self.about.resolution
        images = np.empty((len(labels), self.about.channels, side, side), dtype=np.uint8)
        width = BATCH[self.device.type]
        for member, network in enumerate(self.networks):
            own = np.flatnonzero(labels == member) if len(self.networks) > 1 else np.arange(len(labels))
            for start in range(0, len(own), width):
                indices = own[start : start + width]
                filled = np.resize(indices, width)
                made = network(self._random(network.random_numbers, seeds[filled]), self._one_hot(labels[filled]))
                images[indices] = to_bytes(made)[: len(indices)]
        return images

    def _random(self, numbers: int, seeds: np.ndarray) -> Tensor:
        # On the CPU whatever the device, so that a seed means the same latent everywhere.
        latents = [torch.randn(numbers, generator=torch_generator(int(seed))) for seed in seeds]
        return torch.stack(latents).to(self.device)

    def _one_hot(self, labels: np.ndarray) -> Tensor:
        if len(self.networks) > 1:
            return torch.ones(len(labels), 1, device=self.device)
        labels = torch.from_numpy(labels).to(self.device)
        return torch.nn.functional.one_hot(labels, self.about.classes).float()


def to_bytes(images: Tensor) -> np.ndarray:
    """Round images in [-1, 1] to uint8, cutting what lies outside."""
    return (images * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def load_generator(path: str | Path, device: torch.device | str = "cpu") -> TrainedGenerator:
    """Read a trained generator from a snapshot.

    Raises
    ------
    StudyError
        If the file is no snapshot of a generator.

    """
    networks, about = member_networks(path, torch.device(device))
    return TrainedGenerator(networks, about, torch.device(device))


def labels_and_seeds(numbers: np.ndarray, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return label and seed, int64 [N] each, of the images ``numbers`` of a set, the same in whatever shard."""
    seeds = np.array([seed_for(seed, "image", int(number)) for number in numbers], dtype=np.int64)
    return numbers % classes, seeds


def sample_shards(generator: TrainedGenerator, images_per_class: int, shard_size: int, seed: int, folder: Path,
                  name: str) -> None:  # fmt: skip
    """Write a labelled synthetic set as ``shard-00000.parquet`` ... and ``manifest.json`` in ``folder``.

    Image i has label i mod classes and the seed derived from ``seed`` and i, so that any shard can be made alone and
    labels are balanced in each, to within one image of a class.

    Parameters
    ----------
    shard_size : int
        Images of a shard; the last one may have fewer.
    name : str
        The generator's name, a column of every image beside its seed.

    """
    about = generator.about
    images, shards = images_per_class * about.classes, []
    for shard, start in enumerate(range(0, images, shard_size)):
        numbers = np.arange(start, min(start + shard_size, images))
        labels, seeds = labels_and_seeds(numbers, about.classes, seed)
        path = folder / shard_name(shard)
        write_images(path, generator.sample(labels, seeds), labels, seed=seeds, generator=[name] * len(numbers))
        shards.append({"file": path.name, "images": len(numbers)})
    manifest = {
        "generator": name,
        "step": about.step,
        "images_seen": about.images_seen,
        "classes": about.classes,
        "images_per_class": images_per_class,
        "seed": seed,
        "shards": shards,
    }
    write_json(folder / "manifest.json", manifest)
