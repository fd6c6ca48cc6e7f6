"""Train a generator on real colour images of 32 x 32 pixels and follow its Frechet distance to them.

Reads ``cifar10_jpeg.parquet`` in the folder that UNDERSTUDY_DATA names. The features are those of the study's own
extractor, trained on the same images. Each seed draws its own subset of the images. The first row of a seed is the
generator after a single step, from the same initial weights.

    UNDERSTUDY_DATA=... python -m benchmarks.colour_images --divisor 8 --kimg 8 --seeds 0 1 2 --folder out
"""

import argparse
import io
import os
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from PIL import Image

from understudy.classifiers.extractor import load_extractor, train_extractor
from understudy.data.shards import write_images
from understudy.devices import resolve_device
from understudy.generators.batches import TrainingImages
from understudy.generators.configuration import GeneratorSettings
from understudy.generators.presets import PRESETS
from understudy.generators.sampling import load_generator
from understudy.generators.scoring import score_snapshots
from understudy.generators.settings import TrainingSettings
from understudy.generators.training import train_generator

CLASSES = 10


def colour_images(file: Path, per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training images, uint8 [N, 3, 32, 32], as many of each class, and labels, int64 [N]."""
    table = pq.read_table(file, columns=["split", "y", "jpeg"])
    part, labels = table["split"].to_numpy(), table["y"].to_numpy()
    random = np.random.default_rng(seed)
    rows = np.concatenate(
        [random.permutation(np.flatnonzero((part == "train") & (labels == k)))[:per_class] for k in range(CLASSES)]
    )
    decoded = [np.asarray(Image.open(io.BytesIO(table["jpeg"][int(row)].as_py())).convert("RGB")) for row in rows]
    return np.stack(decoded).transpose(0, 3, 1, 2), labels[rows].astype(np.int64)


def thinned(method: str, divisor: int, **changes: float) -> TrainingSettings:
    """Return the CIFAR-10 preset with its numbers of channels divided by ``divisor``."""
    preset = PRESETS["cifar", method].model_dump()
    names = {"stylegan2": ("channels_base", "channels_max"), "wgan_gp": ("generator_channels", "critic_channels")}
    channels = {name: preset[name] // divisor for name in names[method]}
    return GeneratorSettings(method=method, preset="cifar", **channels, **changes).resolve()


def grid(path: Path, snapshot: Path, columns: int = 10) -> None:
    """Write a picture of generated images, a row per class."""
    labels = np.repeat(np.arange(CLASSES), columns)
    images = load_generator(snapshot).sample(labels, np.arange(len(labels)))
    rows = images.reshape(CLASSES, columns, 3, 32, 32).transpose(0, 3, 1, 4, 2).reshape(CLASSES * 32, columns * 32, 3)
    Image.fromarray(rows).resize((columns * 64, CLASSES * 64), Image.Resampling.NEAREST).save(path)


def main() -> None:
    """Print, for every seed, the distance of each snapshot and the images trained on per second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=("stylegan2", "wgan_gp"), default="stylegan2")
    parser.add_argument("--divisor", type=int, default=8, help="the preset's channels are divided by it")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--kimg", type=float, default=8)
    parser.add_argument("--snapshots", type=int, default=4)
    parser.add_argument("--per-class", type=int, default=400, help="real images of each class")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = resolve_device(options.device)
    for seed in options.seeds:
        folder = options.folder / f"seed{seed}"
        images, labels = colour_images(
            Path(os.environ["UNDERSTUDY_DATA"]) / "cifar10_jpeg.parquet", options.per_class, seed
        )
        write_images(folder / "train.parquet", images, labels)
        weights = folder / "extractor.safetensors"
        if not weights.exists():
            train_extractor(images, labels, CLASSES, seed, weights, device)
        extract = load_extractor(weights, device).features
        shape = {"batch": options.batch}
        first = thinned(options.method, options.divisor, **shape, kimg=options.batch / 1000, snapshots=1)
        whole = thinned(options.method, options.divisor, **shape, kimg=options.kimg, snapshots=options.snapshots)
        data = TrainingImages(images, labels, CLASSES)
        start = train_generator(data, first, seed, folder / "first", device)
        began = time.perf_counter()
        snapshots = train_generator(data, whole, seed, folder / "whole", device)
        rate = 1000 * options.kimg / (time.perf_counter() - began)
        setting = f"{options.method}, channels / {options.divisor}, batch {options.batch}"
        machine = f"{device}, {options.threads} thread(s)"
        print(f"seed {seed}: {len(images)} images, {setting}, {machine}: {rate:.1f} images/s", flush=True)
        for paths in (start, snapshots):
            for row in score_snapshots(paths, extract, images, labels, seed, device).itertuples():
                print(f"  {row.images_seen:>8,} images seen: Frechet distance {row.fid:.2f}", flush=True)
        grid(folder / "grid.png", snapshots[-1])


if __name__ == "__main__":
    main()
