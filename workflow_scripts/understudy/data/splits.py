"""Stratified, nested splits, each part in a file of its own, so that no step can read what it must not.

From one drawing of the data come, for every split: ``train``; ``subtrain`` and ``validation``, carved out of train for
the standard protocol; and from the held-out images ``calibration`` (the ranking study's) and ``test``.
"""

from pathlib import Path

import numpy as np

from understudy.data.settings import SplitSettings
from understudy.data.shards import read_images, write_images
from understudy.errors import StudyError
from understudy.seeds import numpy_generator, seed_for

PARTS = ("train", "subtrain", "validation")
HELD_OUT = ("calibration", "test")


def stratified_order(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return a random order of the images, int64 [N], every prefix of which has the classes in proportion.

    The j-th image (from 0) of a class with n images gets the key (j + 1/2) / n; sorted by key, a prefix of m images
    holds m n / N of each class, up to one. Prefixes of one order are nested by construction.
    """
    order = generator.permutation(len(labels))
    key = np.empty(len(labels))
    for label in np.unique(labels):
        places = order[labels[order] == label]
        key[places] = (np.arange(len(places)) + 0.5) / len(places)
    # Equal keys, of classes of equal size, keep the random order.
    return order[np.argsort(key[order], kind="stable")]


def halves(labels: np.ndarray) -> np.ndarray:
    """Return 0 or 1 per image, int64 [N]: every second image of each class, in the order of the set."""
    half = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        half[places] = np.arange(len(places)) % 2
    return half


def draw_split(
    labels: np.ndarray, name: str, settings: SplitSettings, calibration_fraction: float, study_seed: int, draw: int
) -> dict[str, np.ndarray]:
    """Return the places, int64 arrays, of a split's parts among images with ``labels`` (int64 [N]).

    With ``train: all`` the held-out parts are empty.

    Parameters
    ----------
    name : str
        The split's name, for messages.
    calibration_fraction : float
        Share of the held-out images that goes to ``calibration``, in [0, 1).

    Raises
    ------
    StudyError
        If the split is larger than the data or a part lacks a class.
    """
    images, classes = len(labels), int(labels.max()) + 1
    size = images if settings.train == "all" else settings.train
    if size > images or (size == images and settings.train != "all"):
        raise StudyError(
            f"splits.{name}.train: {size} images, but the data has {images}; allowed: {classes} to {images - classes}, "
            "or `all` to keep none for testing"
        )
    order = stratified_order(labels, numpy_generator(seed_for(study_seed, "split", draw)))
    train, held_out = order[:size], order[size:]
    if settings.validation >= size:
        raise StudyError(f"splits.{name}.validation: {settings.validation} images of {size}; allowed: fewer than train")
    carved = train[stratified_order(labels[train], numpy_generator(seed_for(study_seed, "validation", draw, name)))]
    shuffled = stratified_order(labels[held_out], numpy_generator(seed_for(study_seed, "held out", draw, name)))
    calibration = round(calibration_fraction * len(held_out))
    parts = {
        "train": train,
        "subtrain": carved[settings.validation :],
        "validation": carved[: settings.validation],
        "calibration": held_out[shuffled[:calibration]],
        "test": held_out[shuffled[calibration:]],
    }
    for part, places in parts.items():
        may_be_empty = (part in HELD_OUT and settings.train == "all") or (part == "calibration" and not calibration)
        lacking = sorted(set(range(classes)) - set(labels[places].tolist()))
        if lacking and not may_be_empty:
            raise StudyError(
                f"splits.{name}: the {part} part ({len(places)} images) has none of class {lacking[0]}; every part "
                f"needs one image or more of each of the {classes} classes; change its train, its validation or "
                "calibration_fraction"
            )
    return parts


def write_split(
    images_path: Path,
    name: str,
    settings: SplitSettings,
    calibration_fraction: float,
    study_seed: int,
    draw: int,
    paths: dict[str, Path],
) -> None:
    """Draw one split of the images in ``images_path`` and write each part to its path in ``paths``."""
    data = read_images(images_path)
    for part, places in draw_split(data.labels, name, settings, calibration_fraction, study_seed, draw).items():
        chosen = data.take(places)
        write_images(paths[part], chosen.images, chosen.labels, index=chosen.columns["index"])
