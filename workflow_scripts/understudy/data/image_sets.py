"""Labelled image files of any size, left encoded until they are asked for: a set may hold a hundred thousand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from understudy.data.decoding import read_bytes
from understudy.data.folders import LITTER_FOLDERS, Skipped, image_files, subfolders
from understudy.data.names import as_yaml, natural_key, orders_agree
from understudy.data.readers.image_folder import match_folders
from understudy.data.readers.parquet import Shard, label_values
from understudy.data.shards import encoded_bytes, read_parquet
from understudy.errors import StudyError
from understudy.messages import warn
from understudy.text import printable, some


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


def shard_images(files: Sequence[Path], classes: int | Sequence[str]) -> EncodedImages:
    """Return the images of parquet shards, in the order of the files.

    Labels that are names, in the shards or in the metadata of Hugging Face's ``datasets``, become numbers in the order
    of ``classes`` where these are names.

    Raises
    ------
    StudyError
        A file is unreadable, or a label out of range or of an unknown class.

    """
    shards = [Shard(file) for file in files]
    values, names = label_values(shards)
    rows = [shard.rows() for shard in shards]
    locations = [(file, row) for file, count in zip(files, rows, strict=True) for row in range(count)]
    count = classes if isinstance(classes, int) else len(classes)
    if (
        values.dtype != object
        and names
        and not isinstance(classes, int)
        and set(values.tolist()) <= set(range(len(names)))
    ):
        values = np.array(names, dtype=object)[values]
    if values.dtype == object:
        values = _numbers(values, classes, files[0].parent)
    if not len(values) or not 0 <= values.min() <= values.max() < count:
        given = f"labels {values.min()} to {values.max()}" if len(values) else "no image"
        raise StudyError(f"{files[0].parent}: {given}; 0 to {count - 1} are allowed")
    return EncodedImages(locations, values)


def _numbers(values: np.ndarray, classes: int | Sequence[str], where: Path) -> np.ndarray:
    known = {} if isinstance(classes, int) else {name: number for number, name in enumerate(classes)}
    if unknown := sorted(set(values.tolist()) - set(known)):
        raise StudyError(
            f"{where}: labels are names ({some(unknown)}) that `ranking.classes` lacks; list the names of all classes "
            "there, in the order in which the models number them"
        )
    return np.array([known[value] for value in values], dtype=np.int64)


def folder_images(root: Path, classes: int | Sequence[str], own_weights: bool = False) -> EncodedImages:
    """Return the images of a folder with a folder for each class, classes in order and files by name.

    A class's folder bears its name, or its number from 0 as in ImageNetV2; where only the number of classes is known,
    as many folders with other names are taken in their alphabetical order, as ImageNet's are.

    Parameters
    ----------
    root
        The folder.
    classes
        The names of the classes in the order in which the models number them, or their number.
    own_weights
        Whether someone trained models of the study on folders of their own: then nobody knows in which order.

    Raises
    ------
    StudyError
        No folder, folders whose classes aren't known, or whose order may be one of two.

    """
    skipped = Skipped()
    locations, labels = [], []
    for number, folder in sorted(class_folders(root, classes, own_weights).items()):
        files = image_files(folder, skipped)
        locations += [(file, -1) for file in files]
        labels += [number] * len(files)
    if not locations:
        raise StudyError(f"{printable(root)} holds no image of a format that Pillow reads")
    for line in skipped.notices():
        warn(f"{printable(root)}: {line}")
    return EncodedImages(locations, np.array(labels, dtype=np.int64))


def class_folders(root: Path, classes: int | Sequence[str], own_weights: bool = False) -> dict[int, Path]:
    """Return the folder of each class by the class's number; see `folder_images`."""
    if not root.is_dir():
        raise StudyError(f"{root} is no folder; expected {root}/class/image.jpg")
    folders = [folder for folder in subfolders(root) if folder.name.lower() not in LITTER_FOLDERS]
    names = [printable(folder.name) for folder in folders]
    count = classes if isinstance(classes, int) else len(classes)
    if not isinstance(classes, int):
        named = match_folders(root, classes)
        if len(named) == len(folders):
            return named
    by_number = all(name.isascii() and name.isdecimal() for name in names) and all(int(name) < count for name in names)
    in_order = isinstance(classes, int) and len(names) == count
    if isinstance(classes, int) and not orders_agree(names) and (own_weights or (in_order and not by_number)):
        raise _unknown_order(root, names)
    if by_number and len({int(name) for name in names}) == len(names):
        return {int(name): folder for name, folder in zip(names, folders, strict=True)}
    if in_order:
        return dict(enumerate(folders))
    known = f"{count} folders" if isinstance(classes, int) else f"folders named {', '.join(classes[:5])} ..."
    raise StudyError(
        f"{printable(root)} holds {len(names)} folders ({some(names)}); expected {known}, or folders named by the "
        f"classes' numbers, 0 to {count - 1}"
    )


def _unknown_order(root: Path, names: Sequence[str]) -> StudyError:
    """Return the error that torchvision and timm number these folders differently."""
    plain, natural = sorted(names), sorted(names, key=natural_key)
    at = next(position for position, (one, other) in enumerate(zip(plain, natural, strict=True)) if one != other)
    return StudyError(
        f"ranking.classes: class {at} of {printable(root)} is {plain[at]} for models trained with torchvision's "
        f"ImageFolder and {natural[at]} for models trained with timm; give the order in which yours number the "
        f"classes: `ranking.classes: [{as_yaml(natural[:3])[1:-1]}, ...]` with the names of all {len(names)} folders"
    )
