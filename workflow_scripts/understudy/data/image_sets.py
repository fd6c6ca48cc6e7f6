"""Labelled image files of any size, left encoded until they are asked for: a set may hold a hundred thousand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from understudy.data.decoding import IMAGE_SUFFIXES, image_files, read_bytes
from understudy.data.shards import encoded_bytes, read_labels, read_parquet
from understudy.errors import StudyError


@dataclass
class EncodedImages:
    """The images of a set by number, as the bytes of their files.

    Attributes
    ----------
    locations
        For each image its file, and its row where the file is parquet, else -1.
    labels
        int64 [N].

    """

    locations: Sequence[tuple[Path, int]]
    labels: np.ndarray
    _shard: tuple[Path, object] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.locations)

    def read(self, number: int) -> bytes:
        """Return the file's bytes of one image; in order, each shard is read once."""
        path, row = self.locations[number]
        if row < 0:
            return read_bytes(path)
        if self._shard is None or self._shard[0] != path:
            self._shard = path, read_parquet(path, ["image"]).column("image")
        return encoded_bytes(self._shard[1][row])


def shard_images(files: Sequence[Path], classes: int) -> EncodedImages:
    """Return the images of parquet shards, in the order of the files.

    Raises
    ------
    StudyError
        A file is unreadable, or a label out of range.

    """
    labels = [read_labels(file) for file in files]
    locations = [(file, row) for file, part in zip(files, labels, strict=True) for row in range(len(part))]
    joined = np.concatenate(labels)
    if not 0 <= joined.min() <= joined.max() < classes:
        raise StudyError(f"{files[0].parent}: labels {joined.min()} to {joined.max()}; 0 to {classes - 1} are allowed")
    return EncodedImages(locations, joined)


def folder_images(root: Path, classes: int | Sequence[str]) -> EncodedImages:
    """Return the images of a folder with a folder for each class, classes in order and files by name.

    A class's folder bears its name, or its number from 0 as in ImageNetV2; where only the number of classes is known,
    as many folders with other names are taken in their alphabetical order, as ImageNet's are.

    Raises
    ------
    StudyError
        No folder, or folders whose classes aren't known.

    """
    if not root.is_dir():
        raise StudyError(f"{root} is no folder; expected {root}/class/image.jpg")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    numbers = _class_numbers(root, [folder.name for folder in folders], classes)
    locations, labels = [], []
    for number, folder in sorted(zip(numbers, folders, strict=True)):
        files = image_files(folder)
        locations += [(file, -1) for file in files]
        labels += [number] * len(files)
    if not locations:
        raise StudyError(f"{root} holds no image; allowed: {', '.join(sorted(IMAGE_SUFFIXES))}")
    return EncodedImages(locations, np.array(labels, dtype=np.int64))


def _class_numbers(root: Path, names: list[str], classes: int | Sequence[str]) -> list[int]:
    count = classes if isinstance(classes, int) else len(classes)
    if not isinstance(classes, int) and set(names) <= set(classes):
        return [list(classes).index(name) for name in names]
    if all(name.isdecimal() for name in names) and all(int(name) < count for name in names):
        return [int(name) for name in names]
    if isinstance(classes, int) and len(names) == count:
        return list(range(count))
    known = f"{count} folders" if isinstance(classes, int) else f"folders named {', '.join(classes[:5])} ..."
    raise StudyError(
        f"{root} holds {len(names)} folders ({', '.join(names[:5])} ...); expected {known}, or folders named by the "
        f"classes' numbers, 0 to {count - 1}"
    )
