"""Generators that are trained once for all tests that only read them."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generators.small import CPU, made_up_images, small_settings
from understudy.generators.training import train_generator


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Callable[..., list[Path]]:
    """Return a function that trains a small generator with three snapshots, once, and returns these."""

    @functools.cache
    def train(method: str, per_class: bool = False) -> list[Path]:
        folder = tmp_path_factory.mktemp(f"{method}-{per_class}")
        settings = small_settings(method, per_class=per_class, kimg=0.192, snapshots=3)
        return train_generator(made_up_images(), settings, 1, folder, CPU, name="trial")

    return train
