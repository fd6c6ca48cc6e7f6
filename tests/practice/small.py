"""A tiny generator, learner and data set for the tests of practice."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.data.shards import Images, write_images
from understudy.files import write_json
from understudy.generators.batches import TrainingImages
from understudy.generators.denoisers import Denoiser, TrainedDenoiser
from understudy.generators.diffusion import train_diffusion
from understudy.generators.diffusion_settings import DiffusionSettings
from understudy.practice.comparison_settings import GuidanceSettings, LearnerSettings, SamplingSettings
from understudy.practice.loop import Sources
from understudy.practice.patience import LoopSettings
from understudy.practice.pool import PlainPool
from understudy.practice.sampling import Sampler

CPU = torch.device("cpu")
CLASSES = 3
DIFFUSION = DiffusionSettings(steps=6, batch=8, channels=(8, 16), attention=False)
LEARNER = LearnerSettings(
    network=ArchitectureSettings(model="resnet", arguments={"depth": 8, "width": 4}), iterations=40, batch=8, crop=1,
    mixup=0.5, cutmix=1.0,
)  # fmt: skip
LOOP = LoopSettings(initial=12, added=9, additions=2, patience=1, evaluation_interval=2, patience_grows=False)
SAMPLING = SamplingSettings(steps=4, batch=4)


def real_images(count: int = 30, channels: int = 1, size: int = 8, classes: int = CLASSES) -> Images:
    """Return noisy images whose class is the column of a bright bar."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % classes
    images = rng.integers(0, 90, (count, channels, size, size), dtype=np.uint8)
    for index, label in enumerate(labels):
        images[index, :, :, 2 * label : 2 * label + 2] += 150
    return Images(images, labels.astype(np.int64), pd.DataFrame({"index": np.arange(count)}))


def trained_denoiser(folder: Path) -> TrainedDenoiser:
    """Train a tiny diffusion model and load it."""
    data = real_images()
    train_diffusion(TrainingImages(data.images, data.labels, CLASSES), DIFFUSION, 3, folder / "diffusion.safetensors",
                    folder / "checkpoints", CPU)  # fmt: skip
    return TrainedDenoiser(folder / "diffusion.safetensors", CPU)


def sources(folder: Path, denoiser: Denoiser, guidance: GuidanceSettings | None = None) -> Sources:
    """Return real images and a pool of 60 plain ones."""
    channels, size, _ = denoiser.image_shape
    sampler = Sampler(denoiser, SAMPLING, guidance or GuidanceSettings(interval=2))
    numbers = np.arange(60)
    if not (folder / "pool/manifest.json").exists():
        made = sampler.sample(numbers % CLASSES, numbers)
        write_images(folder / "pool/shard.parquet", made.images, numbers % CLASSES, seed=numbers)
        write_json(folder / "pool/manifest.json", {"images": 60, "seconds": 0.6})
    real = real_images(channels=channels, size=size)
    return Sources(real, real_images(12, channels, size), CLASSES, PlainPool([folder / "pool"]), sampler)
