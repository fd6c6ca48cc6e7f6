"""Stratified, nested splits, each part in a file of its own, so that no step can read what it must not.

From one drawing of the data come, for every split: ``train``; ``subtrain`` and ``validation``, carved out of train for
the standard protocol; and from the held-out images ``calibration`` (the ranking study's) and ``test``. Each of these
three is a step of its own: another size of validation or calibration changes nothing that reads the training images.

Images of one group, such as copies of an image or a patient's images, lie in one part. Where the data has fixed parts,
the training images are drawn from its training part, validation images join them, and its test part is held out.
"""

from typing import Literal

import numpy as np

from understudy.data.settings import SplitSettings
from understudy.errors import StudyError
from understudy.messages import warn
from understudy.seeds import numpy_generator, seed_for

Size = int | float | Literal["all"]
"""Images of a part: their number, their share, or all."""


def stratified_order(labels: np.ndarray, rng: np.random.Generator, groups: np.ndarray | None = None) -> np.ndarray:
    """Return a random order of the images, int64 [N], every prefix of which has the classes in proportion.

    The j-th image (from 0) of a class with n images gets the key (j + 1/2) / n; sorted by key, a prefix of m images
    holds m n / N of each class, up to one. Prefixes of one order are nested by construction.

    The images of a group (``groups``, int64 [N]) follow each other. A group counts for the class that it holds the
    greatest share of: its key is the middle of the places that its images of this class take among the class's.
    """
    order = rng.permutation(len(labels))
    # Groups are numbered in the random order: equal keys, of classes of equal size, keep it.
    _, first, member = np.unique(order if groups is None else groups[order], return_index=True, return_inverse=True)
    member = np.argsort(np.argsort(first))[member]
    pairs, counts = np.unique(np.stack([member, labels[order]]), axis=1, return_counts=True)
    share = counts / np.bincount(labels)[pairs[1]]
    best = np.lexsort((pairs[1], -share, pairs[0]))
    best = best[np.unique(pairs[0][best], return_index=True)[1]]  # one row a group
    key = np.empty(len(best))
    for label in np.unique(pairs[1][best]):
        own = best[pairs[1][best] == label]
        key[pairs[0][own]] = (np.cumsum(counts[own]) - counts[own] / 2) / counts[own].sum()
    position = np.argsort(np.argsort(key, kind="stable"))
    return order[np.argsort(position[member], kind="stable")]


def image_halves(labels: np.ndarray) -> np.ndarray:
    """Return 0 or 1 per image, int64 [N]: every second image of each class, in the order of the set."""
    half = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        half[own] = np.arange(len(own)) % 2
    return half


def image_count(size: Size, images: int) -> int:
    """Return the number of images that a size means: `all` of ``images``, a share of them, or a number as it is."""
    if size == "all":
        return images
    return max(1, round(size * images)) if isinstance(size, float) else size


def draw_split(
    labels: np.ndarray,
    name: str,
    settings: SplitSettings,
    calibration_fraction: float,
    study_seed: int,
    draw: int,
    groups: np.ndarray | None = None,
    parts: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return the indices, int64 arrays, of a split's parts among images with ``labels`` (int64 [N]).

    With ``train: all`` the held-out parts are empty, unless the data has a test part.

    Parameters
    ----------
    name : str
        The split's name.
    calibration_fraction : float
        Fraction of the held-out images that goes to ``calibration``, in [0, 1).
    groups : int64 [N] or None
        Which images lie in one part, whatever it is; None: each image is a group.
    parts : text [N] or None
        The part that each image is fixed to, ``train``, ``validation`` or ``test``.

    Raises
    ------
    StudyError
        If the split is larger than the data or a part lacks a class.
    """
    train, held_out = draw_train(labels, name, settings.train, study_seed, draw, groups, parts)
    own = [None if values is None else values[train] for values in (groups, parts)]
    carved = carve_train(labels[train], name, settings.validation, study_seed, draw, *own)
    divided = divide_held_out(labels, held_out, name, calibration_fraction, study_seed, draw, groups)
    return {"train": train} | {part: train[indices] for part, indices in carved.items()} | divided


def draw_train(
    labels: np.ndarray,
    name: str,
    train: Size,
    study_seed: int,
    draw: int,
    groups: np.ndarray | None = None,
    parts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of a split's training images and of those held out; see `draw_split`.

    A split is a prefix of one order of groups, so that small ones lie within larger ones: where the size falls inside a
    group, the split has fewer images.
    """
    allowed = np.arange(len(labels)) if parts is None else np.flatnonzero(parts == "train")
    images, classes = len(allowed), int(labels.max()) + 1
    size = image_count(train, images)
    whole = train == "all" or parts is not None
    if size > images or (size == images and not whole):
        where, most = ("the data", images - classes) if parts is None else ("the data's part train", images)
        raise StudyError(
            f"splits.{name}.train: {size} images, but {where} has {images}; allowed: {classes} to {most}, "
            "or `all` to keep none for testing" + (" beside the data's part test" if parts is not None else "")
        )
    own = None if groups is None else groups[allowed]
    order = stratified_order(labels[allowed], numpy_generator(seed_for(study_seed, "split", draw)), own)
    cut = _whole_groups(order, own, size)
    _say_size(name, "train", cut, size, own)
    train_images, rest = allowed[order[:cut]], allowed[order[cut:]]
    _check_classes(labels[train_images], name, "train", classes, own)
    if parts is None:
        return train_images, rest
    return np.concatenate([train_images, np.flatnonzero(parts == "validation")]), np.flatnonzero(parts == "test")


def carve_train(
    labels: np.ndarray,
    name: str,
    validation: int | float | None,
    study_seed: int,
    draw: int,
    groups: np.ndarray | None = None,
    parts: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return the indices of subtrain and validation among the training images, of ``labels``; see `draw_split`.

    Those that the data has as its validation part are ``validation``; ``validation`` is None then.
    """
    fixed = parts is not None and (parts == "validation").any()
    if fixed:
        found = {"subtrain": np.flatnonzero(parts != "validation"), "validation": np.flatnonzero(parts == "validation")}
    elif validation is None:
        raise StudyError(f"splits.{name}.validation: missing; the data has no validation part: give a number of images")
    else:
        size = image_count(validation, len(labels))
        if size >= len(labels):
            raise StudyError(f"splits.{name}.validation: {size} images of {len(labels)}; allowed: fewer than train")
        order = stratified_order(labels, numpy_generator(seed_for(study_seed, "validation", draw, name)), groups)
        taken = _filled(order, labels, groups, size)
        _say_size(name, "validation", int(taken.sum()), size, groups)
        found = {"subtrain": order[~taken], "validation": order[taken]}
    for part, indices in found.items():
        _check_classes(labels[indices], name, part, int(labels.max()) + 1, groups)
    return found


def divide_held_out(
    labels: np.ndarray,
    held_out: np.ndarray,
    name: str,
    calibration_fraction: float,
    study_seed: int,
    draw: int,
    groups: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Return the indices of calibration and test, of the ``held_out`` ones among all ``labels``; see `draw_split`."""
    if not len(held_out):
        return {"calibration": held_out, "test": held_out}
    own = None if groups is None else groups[held_out]
    order = stratified_order(labels[held_out], numpy_generator(seed_for(study_seed, "held out", draw, name)), own)
    calibration = round(calibration_fraction * len(held_out))
    taken = _filled(order, labels[held_out], own, calibration)
    _say_size(name, "calibration", int(taken.sum()), calibration, own)
    parts = {"calibration": held_out[order[taken]], "test": held_out[order[~taken]]}
    for part, indices in parts.items():
        if calibration or part == "test":
            _check_classes(labels[indices], name, part, int(labels.max()) + 1, own)
    return parts


def _whole_groups(order: np.ndarray, groups: np.ndarray | None, size: int) -> int:
    """Return the length of the longest prefix of an order of groups that has at most this size and divides none."""
    while groups is not None and 0 < size < len(order) and groups[order[size]] == groups[order[size - 1]]:
        size -= 1
    return size


def _filled(order: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, size: int) -> np.ndarray:
    """Return which places of an order are taken, bool [N], if each group is taken in turn that still fits the size.

    A class that either side would then lack, because its groups are large, gets one of its groups there.
    """
    cut = _whole_groups(order, groups, size)
    taken = np.arange(len(order)) < cut
    if size == 0 or groups is None or _largest(groups) == 1:
        return taken
    labels, groups = labels[order], groups[order]
    if cut < size:
        starts = np.flatnonzero(np.diff(groups[cut:], prepend=groups[cut] - 1)) + cut
        for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
            if end - start <= size - cut:
                taken[start:end] = True
                cut += end - start
    for label in np.unique(labels):
        own = groups[labels == label]
        for side, moved in ((True, own[0]), (False, own[-1])):
            if own[0] != own[-1] and not (taken[labels == label] == side).any():
                taken[groups == moved] = side
    return taken


def _say_size(name: str, part: str, found: int, asked: int, groups: np.ndarray | None) -> None:
    if found != asked:
        warn(
            f"splits.{name}: the {part} part has {found} images, not {asked}: images that belong together stay in one "
            f"part, and the largest such group has {_largest(groups)}"
        )


def _largest(groups: np.ndarray) -> int:
    return int(np.unique(groups, return_counts=True)[1].max())


def _check_classes(labels: np.ndarray, name: str, part: str, classes: int, groups: np.ndarray | None) -> None:
    lacking = sorted(set(range(classes)) - set(labels.tolist()))
    if not lacking:
        return
    largest = 1 if groups is None else _largest(groups)
    reason = (
        f" (images that belong together stay in one part, and the largest such group has {largest} of {len(groups)} "
        "images: see data_report.html, `data.near_duplicates` and `data.groups`)"
        if largest > 1
        else ""
    )
    raise StudyError(
        f"splits.{name}: the {part} part ({len(labels)} images) has none of class {lacking[0]}{reason}; every part "
        f"needs one image or more of each of the {classes} classes; change its train, its validation or "
        "calibration_fraction"
    )
