"""Arrays of images in one npz file, as MedMNIST has them: train_images, train_labels, val_images, ..."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from understudy.data.source_images import Joined, SourceImages, with_classes
from understudy.errors import StudyError
from understudy.text import some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

# Names of the arrays of images and of labels, {} for the part's: those of MedMNIST and of Keras.
NAMES = (("{}_images", "{}_labels"), ("x_{}", "y_{}"))
PARTS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
WHOLE = ("images", "labels")


def read(settings: "DataSettings") -> SourceImages:
    """Return the images of all parts that the file has."""
    path = settings.root
    arrays = _Arrays(path)
    found = _parts(path, arrays.names)
    items, labels, names, parts = [], [], [], []
    for part, (images, truth) in found.items():
        labels.append(_labels(arrays[truth], path, truth))
        names += [f"{path}, {images} {number}" for number in range(len(labels[-1]))]
        parts += [part] * len(labels[-1])
        items.append(_Images(path, images, len(labels[-1])))
    joined = np.concatenate(labels)
    classes = [str(number) for number in range(max(int(joined.max(initial=-1)), 0) + 1)]
    given = SourceImages(Joined(items), joined, names, classes, None if "" in found else np.array(parts))
    return with_classes(given, settings)


def own_parts(settings: "DataSettings") -> tuple[str, ...]:
    """Return the parts of the file's images; none where it has one set of them, or can't be read."""
    try:
        return tuple(part for part in _parts(settings.root, _Arrays(settings.root).names) if part)
    except StudyError:  # whoever reads the images says what is wrong
        return ()


@dataclass(frozen=True)
class _Arrays:
    """The arrays of a file, each read when it is asked for."""

    path: Path

    @cached_property
    def names(self) -> list[str]:
        try:
            with zipfile.ZipFile(self.path) as file:
                return [name.removesuffix(".npy") for name in file.namelist()]
        except (OSError, zipfile.BadZipFile) as error:
            raise StudyError(f"data.root: {self.path} is not a readable npz file ({error}); repair it") from error

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                return arrays[name]
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            reason = "it holds objects of Python" if "allow_pickle" in str(error) else error
            raise StudyError(
                f"data.root: {self.path}: array {name} can't be read ({reason}); save it as numbers with numpy.savez"
            ) from error


def _parts(path: Path, names: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Return the names of the arrays of images and labels, by part; the part is "" where there is but one."""
    found = {
        part: (images.format(word), labels.format(word))
        for part, words in PARTS.items()
        for word in words
        for images, labels in NAMES
        if images.format(word) in names and labels.format(word) in names
    }
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    if len(found) > 1 and "train" in found:
        return found
    if len(found) == 1:
        return {"": next(iter(found.values()))}
    if set(WHOLE) <= set(names):
        return {"": WHOLE}
    raise StudyError(
        f"data.root: {path} has the arrays {some(names, 12)}; expected train_images and train_labels, also of val and "
        "test, as MedMNIST has them, or images and labels"
    )


def _labels(labels: np.ndarray, path: Path, name: str) -> np.ndarray:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise StudyError(
            f"data.root: {path}: {name} has shape {labels.shape}: {labels.shape[-1]} labels an image; one class an "
            "image is needed, as a number"
        )
    if labels.dtype.kind not in "iuf" or (labels != np.floor(labels)).any():
        raise StudyError(f"data.root: {path}: {name} is {labels.dtype}; whole numbers from 0 are needed")
    return labels.astype(np.int64)


@dataclass(frozen=True)
class _Images(Sequence):
    """The images of a part, uint8 [C, H, W] each; the array is read when the first one is asked for."""

    path: Path
    name: str
    count: int

    @cached_property
    def array(self) -> np.ndarray:
        """All of them, uint8 [N, H, W, C]."""
        images, where = _Arrays(self.path)[self.name], f"data.root: {self.path}: {self.name}"
        if images.dtype != np.uint8:
            raise StudyError(f"{where} is {images.dtype}; numbers of 8 bits (uint8), 0 to 255, are needed")
        if images.ndim == 3:
            images = images[..., None]
        if images.ndim != 4 or images.shape[3] not in (1, 3):
            raise StudyError(
                f"{where} has shape {images.shape}; [images, height, width] or [images, height, width, 3] is needed"
            )
        if len(images) != self.count:
            raise StudyError(f"{where} has {len(images)} images, but there are {self.count} labels")
        return images

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> np.ndarray:
        return np.ascontiguousarray(self.array[number].transpose(2, 0, 1))
