"""Mutations of npz files of images, as MedMNIST and Keras have them."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from benchmarks.input_mutations.image_sets import noise, of_images, read_images
from understudy.data.settings import DataSettings

KIND = "image npz"
COUNTS = {"train": 8, "val": 5, "test": 6}
PARTS = {"train": "train", "val": "validation", "test": "test"}


def arrays_of(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return arrays as MedMNIST has them, of two classes."""
    shape, arrays = (7, 8, 3) if rng.random() < 0.5 else (7, 8), {}
    for part, count in COUNTS.items():
        arrays[f"{part}_images"] = np.stack([noise(rng, shape) for _ in range(count)])
        arrays[f"{part}_labels"] = rng.permutation(np.arange(count) % 2)[:, None].astype(np.uint8)
    return arrays


def reader(folder: Path, arrays: dict[str, np.ndarray], packed: bool = False, **settings: Any) -> Any:
    """Write arrays, and return what reads them."""
    (np.savez_compressed if packed else np.savez)(folder / "m.npz", **arrays)
    return lambda: read_images(DataSettings(source="npz", root=folder / "m.npz", **settings))


def right(arrays: dict[str, np.ndarray], classes: tuple[str, ...] = ("0", "1"), pooled: bool = False) -> Any:
    """Return what is to be read of arrays as `arrays_of` gives them."""
    images = [
        (classes[int(label)], "" if pooled else name, pixels)
        for part, name in PARTS.items()
        if f"{part}_images" in arrays
        for label, pixels in zip(arrays[f"{part}_labels"].ravel(), arrays[f"{part}_images"], strict=True)
    ]
    return of_images(images, classes)


@mutation(KIND)
def forms_of_arrays(rng: np.random.Generator, folder: Path) -> Case:
    """Labels of any type and form, arrays in Fortran's order, packed, with others beside them."""
    arrays = arrays_of(rng)
    values = right(arrays)
    kind = str(rng.choice(["int64", "uint8", ">i4", "float32", "<u2", "int8"]))
    for part in COUNTS:
        labels = arrays[f"{part}_labels"].astype(kind)
        arrays[f"{part}_labels"] = labels.ravel() if rng.random() < 0.5 else labels
        if rng.random() < 0.5:
            arrays[f"{part}_images"] = np.asfortranarray(arrays[f"{part}_images"])
    if arrays["train_images"].ndim == 3 and rng.random() < 0.5:
        arrays |= {name: array[..., None] for name, array in arrays.items() if "images" in name}
    if rng.random() < 0.5:
        arrays["readme"] = np.array("from a hospital")
    return Reads(reader(folder, arrays, packed=bool(rng.random() < 0.5)), values)


@mutation(KIND)
def names_of_arrays(rng: np.random.Generator, folder: Path) -> Case:
    """Keras's names, other words for validation, or one set without parts."""
    arrays = arrays_of(rng)
    kind = rng.integers(3)
    if kind == 0:
        named = {}
        for part in COUNTS:
            named[f"x_{part}"], named[f"y_{part}"] = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        return Reads(reader(folder, named), right(arrays))
    if kind == 1:
        word = str(rng.choice(["valid", "validation"]))
        named = {name.replace("val_", f"{word}_"): array for name, array in arrays.items()}
        return Reads(reader(folder, named), right(arrays))
    whole = {name: np.concatenate([arrays[f"{part}_{name}"] for part in COUNTS]) for name in ("images", "labels")}
    return Reads(reader(folder, whole), right(arrays, pooled=True))


@mutation(KIND)
def two_parts(rng: np.random.Generator, folder: Path) -> Case:
    """No validation, or no test part: then validation is to test."""
    arrays = arrays_of(rng)
    gone = str(rng.choice(["val", "test"]))
    arrays = {name: array for name, array in arrays.items() if not name.startswith(gone)}
    values = right(arrays)
    if gone == "test":
        renamed = {name.replace("val_", "test_"): array for name, array in arrays.items()}
        values = right(renamed)
    return Reads(reader(folder, arrays), values)


@mutation(KIND)
def pooled_and_named(rng: np.random.Generator, folder: Path) -> Case:
    """All parts as one set; new names for the classes."""
    arrays = arrays_of(rng)
    return Reads(
        reader(folder, arrays, pool_parts=True, classes=["healthy", "ill"]), right(arrays, ("healthy", "ill"), True)
    )


@mutation(KIND)
def unfit_labels(rng: np.random.Generator, folder: Path) -> Case:
    """Labels that are several an image, negative, fractions, NaN, text, objects, or too few."""
    arrays = arrays_of(rng)
    part = str(rng.choice(list(COUNTS)))
    labels = arrays[f"{part}_labels"]
    halves, nan = labels.astype(float), labels.astype(float)
    halves[1], nan[1] = 0.5, np.nan
    negative = labels.astype(int)
    negative[0] = -1
    kinds = [
        (np.repeat(labels, 3, axis=1), "labels an image"),
        (negative, "-1"),
        (halves, "whole numbers"),
        (nan, "whole numbers"),
        (labels.astype(str), "whole numbers"),
        (labels.astype(object), "objects of Python"),
        (labels[:-1], "labels"),
    ]
    arrays[f"{part}_labels"], word = kinds[rng.integers(len(kinds))]
    return Refuses(reader(folder, arrays), word)


@mutation(KIND)
def unfit_images(rng: np.random.Generator, folder: Path) -> Case:
    """Images as floats or wide numbers, flat, or with the channels first."""
    arrays = arrays_of(rng)
    part = str(rng.choice(list(COUNTS)))
    images = arrays[f"{part}_images"]
    first = np.zeros((len(images), 3, 7, 8), np.uint8)
    kinds = [(images / np.float32(255), "uint8"), (images.astype(np.int64), "uint8"),
             (images.reshape(len(images), -1), "shape"), (first, "shape"), (images[:-1], "labels")]  # fmt: skip
    arrays[f"{part}_images"], word = kinds[rng.integers(len(kinds))]
    return Refuses(reader(folder, arrays), word)


@mutation(KIND)
def missing_arrays(rng: np.random.Generator, folder: Path) -> Case:
    """No labels of the part to train on, or nothing by a known name."""
    arrays = arrays_of(rng)
    if rng.random() < 0.5:
        arrays = {f"a{number}": array for number, array in enumerate(arrays.values())}
    else:
        arrays = {name: array for name, array in arrays.items() if "labels" not in name}
    return Refuses(reader(folder, arrays), "expected train_images")


@mutation(KIND)
def broken_file(rng: np.random.Generator, folder: Path) -> Case:
    """Cut short, emptied, a single array, a pickle or a page."""
    read = reader(folder, arrays_of(rng))
    path = folder / "m.npz"
    content = path.read_bytes()
    kinds = [b"", content[: int(len(content) * rng.uniform(0.1, 0.9))], b"<html>404", b"\x80\4K\1."]
    path.write_bytes(kinds[rng.integers(len(kinds))])
    return Refuses(read, "npz")
