"""Real colour images of 32 x 32 pixels, and the CIFAR-10 preset in full."""

import os
from pathlib import Path

import pytest
import torch

from benchmarks.colour_images import CLASSES, colour_images, thinned
from understudy.generators.batches import TrainingImages
from understudy.generators.configuration import GeneratorSettings
from understudy.generators.sampling import load_generator
from understudy.generators.training import train_generator
from understudy.tables import read_table

DATA = Path(os.environ.get("UNDERSTUDY_DATA", "")) / "cifar10_jpeg.parquet"
CPU = torch.device("cpu")

pytestmark = pytest.mark.skipif(not DATA.is_file(), reason="needs UNDERSTUDY_DATA with cifar10_jpeg.parquet")


@pytest.mark.slow  # 43 million weights: a step of four images takes seconds
def test_the_full_preset_trains_on_colour_images(tmp_path):
    images, labels = colour_images(DATA, per_class=2, seed=0)
    small = {"batch": 4, "minibatch_std_group": 4}
    settings = GeneratorSettings(method="stylegan2", preset="cifar", kimg=0.008, snapshots=1, **small).resolve()
    (snapshot,) = train_generator(TrainingImages(images, labels, CLASSES), settings, 0, tmp_path, CPU)
    history = read_table(tmp_path / "history.parquet", "generator_history")
    assert history["step"].max() == 2
    assert history[["generator_loss", "discriminator_loss"]].abs().to_numpy().max() < 100
    generator = load_generator(snapshot)
    assert sum(one.numel() for one in generator.networks[0].parameters()) == 20_215_315
    sampled = generator.sample([0, 1, 2], [0, 1, 2])
    assert sampled.shape == (3, 3, 32, 32) and sampled.std() > 1


def test_images_are_balanced_and_differ_from_seed_to_seed():
    images, labels = colour_images(DATA, per_class=3, seed=0)
    assert images.shape == (30, 3, 32, 32) and images.dtype == "uint8"
    assert (torch.bincount(torch.from_numpy(labels)) == 3).all()
    assert (images != colour_images(DATA, per_class=3, seed=1)[0]).any()


def test_an_eighth_of_the_preset_has_an_eighth_of_its_channels():
    assert thinned("stylegan2", 8).channels_max == 64
    assert thinned("wgan_gp", 8).critic_channels == 16
