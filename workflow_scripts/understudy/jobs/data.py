"""Jobs of the data: images from their source, and the splits' parts, each in a file of its own."""

from pathlib import Path
from typing import Literal

import numpy as np

from understudy.data.settings import DataSettings
from understudy.data.shards import Images, read_images, write_images
from understudy.data.sources import load_source
from understudy.data.splits import carve_train, divide_held_out, draw_train
from understudy.files import write_json
from understudy.jobs.context import JobContext


def prepare_images(settings: dict, images: Path, classes: Path) -> None:
    """Read a study's images from their source and write them as one parquet file, with their classes' names as JSON."""
    data, names = load_source(DataSettings(**settings))
    write_images(images, data.images, data.labels, **{name: data.columns[name] for name in data.columns})
    write_json(classes, {"classes": names})


def write_train(images: Path, size: int | Literal["all"], train: Path, context: JobContext) -> None:
    """Draw a split's training images, ``size`` of ``images``, and write them."""
    data = read_images(images)
    _write(data, draw_train(data.labels, context.split, size, context.seed, context.draw)[0], train)


def write_carved(train: Path, size: int, subtrain: Path, validation: Path, context: JobContext) -> None:
    """Carve subtrain and validation, the latter of ``size`` images, out of a split's training images."""
    data = read_images(train)
    parts = carve_train(data.labels, context.split, size, context.seed, context.draw)
    _write(data, parts["subtrain"], subtrain)
    _write(data, parts["validation"], validation)


def write_held_out(
    images: Path,
    train_size: int | Literal["all"],
    calibration_fraction: float,
    calibration: Path,
    test: Path,
    context: JobContext,
) -> None:
    """Divide what a split of ``images`` holds out into calibration and test."""
    data = read_images(images)
    _, held_out = draw_train(data.labels, context.split, train_size, context.seed, context.draw)
    parts = divide_held_out(data.labels, held_out, context.split, calibration_fraction, context.seed, context.draw)
    _write(data, parts["calibration"], calibration)
    _write(data, parts["test"], test)


def _write(data: Images, indices: np.ndarray, path: Path) -> None:
    chosen = data.take(indices)
    write_images(path, chosen.images, chosen.labels, index=chosen.columns["index"])
