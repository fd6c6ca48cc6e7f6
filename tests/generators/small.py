"""Small generators and made-up images that several tests share."""

import numpy as np
import torch

from understudy.generators.batches import TrainingImages
from understudy.generators.configuration import GeneratorSettings
from understudy.generators.presets import PRESETS
from understudy.generators.settings import StyleGAN2Settings, TrainingSettings

CPU = torch.device("cpu")
SMALL = {
    "stylegan2": {
        "latent": 8, "channels_max": 8, "batch": 8, "minibatch_std_group": 4, "ada_kimg": 0.2, "ema_kimg": 0.1,
    },
    "wgan_gp": {"latent": 8, "generator_channels": 8, "critic_channels": 8, "batch": 4, "critic_steps": 2},
}  # fmt: skip


def small_settings(method: str, **changes) -> TrainingSettings:
    """Return settings of a GAN that trains hundreds of steps a second or nearly so."""
    given = {**SMALL[method], "kimg": 0.064, "snapshots": 2, **changes}
    return GeneratorSettings(method=method, **given).resolve()


def small_stylegan2(**changes) -> StyleGAN2Settings:
    """Return complete settings of a small StyleGAN2."""
    return PRESETS["digits", "stylegan2"].model_copy(update={**SMALL["stylegan2"], **changes})


def made_up_images(count: int = 24, classes: int = 3, size: int = 8, channels: int = 1) -> TrainingImages:
    """Return uint8 images [count, channels, size, size] whose brightness tells their class."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % classes
    images = random.integers(0, 80, (count, channels, size, size)) + 60 * labels[:, None, None, None]
    return TrainingImages(images.astype(np.uint8), labels.astype(np.int64), classes)
