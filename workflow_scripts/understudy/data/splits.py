"""Stratified, nested splits, each part in a file of its own, so that no step can read what it must not.

From one drawing of the data come, for every split: ``train``; ``subtrain`` and ``validation``, carved out of train for
the standard protocol; and from the held-out images ``calibration`` (the ranking study's) and ``test``. Each of these
three is a step of its own: another size of validation or calibration changes nothing that reads the training images.
"""

from typing import Literal

import numpy as np

from understudy.data.settings import SplitSettings
from understudy.errors import StudyError
from understudy.seeds import numpy_generator, seed_for


def stratified_order(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random order of the images, int64 [N], every prefix of which has the classes in proportion.

    The j-th image (from 0) of a class with n images gets the key (j + 1/2) / n; sorted by key, a prefix of m images
    holds m n / N of each class, up to one. Prefixes of one order are nested by construction.
    """
    order = rng.permutation(len(labels))
    key = np.empty(len(labels))
    for label in np.unique(labels):
        own = order[labels[order] == label]
        key[own] = (np.arange(len(own)) + 0.5) / len(own)
    # Equal keys, of classes of equal size, keep the random order.
    return order[np.argsort(key[order], kind="stable")]


def image_halves(labels: np.ndarray) -> np.ndarray:
    """Return 0 or 1 per image, int64 [N]: every second image of each class, in the order of the set."""
    half = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        half[own] = np.arange(len(own)) % 2
    return half


def draw_split(
    labels: np.ndarray, name: str, settings: SplitSettings, calibration_fraction: float, study_seed: int, draw: int
) -> dict[str, np.ndarray]:
    """Return the indices, int64 arrays, of a split's parts among images with ``labels`` (int64 [N]).

    With ``train: all`` the held-out parts are empty.

    Parameters
    ----------
    name : str
        The split's name.
    calibration_fraction : float
        Fraction of the held-out images that goes to ``calibration``, in [0, 1).

    Raises
    ------
    StudyError
        If the split is larger than the data or a part lacks a class.
    """
    train, held_out = draw_train(labels, name, settings.train, study_seed, draw)
    carved = carve_train(labels[train], name, settings.validation, study_seed, draw)
    divided = divide_held_out(labels, held_out, name, calibration_fraction, study_seed, draw)
    return {"train": train} | {part: train[indices] for part, indices in carved.items()} | divided


def draw_train(
    labels: np.ndarray, name: str, train: int | Literal["all"], study_seed: int, draw: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of a split's training images and of those held out; see `draw_split`."""
    images, classes = len(labels), int(labels.max()) + 1
    size = images if train == "all" else train
    if size > images or (size == images and train != "all"):
        raise StudyError(
            f"splits.{name}.train: {size} images, but the data has {images}; allowed: {classes} to {images - classes}, "
            "or `all` to keep none for testing"
        )
    order = stratified_order(labels, numpy_generator(seed_for(study_seed, "split", draw)))
    _check_classes(labels[order[:size]], name, "train", classes)
    return order[:size], order[size:]


def carve_train(labels: np.ndarray, name: str, validation: int, study_seed: int, draw: int) -> dict[str, np.ndarray]:
    """Return the indices of subtrain and validation among the training images, of ``labels``; see `draw_split`."""
    if validation >= len(labels):
        raise StudyError(f"splits.{name}.validation: {validation} images of {len(labels)}; allowed: fewer than train")
    order = stratified_order(labels, numpy_generator(seed_for(study_seed, "validation", draw, name)))
    parts = {"subtrain": order[validation:], "validation": order[:validation]}
    for part, indices in parts.items():
        _check_classes(labels[indices], name, part, int(labels.max()) + 1)
    return parts


def divide_held_out(
    labels: np.ndarray, held_out: np.ndarray, name: str, calibration_fraction: float, study_seed: int, draw: int
) -> dict[str, np.ndarray]:
    """Return the indices of calibration and test, of the ``held_out`` ones among all ``labels``; see `draw_split`."""
    order = stratified_order(labels[held_out], numpy_generator(seed_for(study_seed, "held out", draw, name)))
    calibration = round(calibration_fraction * len(held_out))
    parts = {"calibration": held_out[order[:calibration]], "test": held_out[order[calibration:]]}
    for part, indices in parts.items():
        if len(held_out) and (calibration or part == "test"):
            _check_classes(labels[indices], name, part, int(labels.max()) + 1)
    return parts


def _check_classes(labels: np.ndarray, name: str, part: str, classes: int) -> None:
    lacking = sorted(set(range(classes)) - set(labels.tolist()))
    if lacking:
        raise StudyError(
            f"splits.{name}: the {part} part ({len(labels)} images) has none of class {lacking[0]}; every part needs "
            f"one image or more of each of the {classes} classes; change its train, its validation or "
            "calibration_fraction"
        )
