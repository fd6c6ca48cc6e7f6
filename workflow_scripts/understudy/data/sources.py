"""Labelled images from where a study says they are. A new source is a reader and an entry of ``SOURCES``."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from understudy.data.decoding import IMAGE_SUFFIXES, image_files, read_bytes
from understudy.data.pixel_settings import PixelSettings
from understudy.data.reading import PictureReader
from understudy.data.shards import Images, read_labels, read_pictures, stack_images
from understudy.errors import StudyError

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

# Each image, by its name for messages, is converted as soon as it is read, so that large originals are never in memory
# together.
Convert = Callable[[bytes | np.ndarray | Image.Image, str], np.ndarray]


class Pictures(NamedTuple):
    """What a reader returns: images of any shapes, uint8 [C, H, W], labels, names for messages, the classes' names."""

    pictures: list[np.ndarray]
    labels: Sequence[int]
    names: list[str]
    classes: list[str]


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Attributes
    ----------
    read : function
        Reads all images, given the source's root, what stands behind the colon of its name, and a conversion.
    count : function or None
        Returns the number of images per class below a root where that is quick to know, decoding no image, else None.
    needs_root, needs_folder : bool
        Whether the root must be given, and must be a folder.
    comes_later : bool
        Whether the images may be brought to the root after the study has been planned.
    detail : str
        What stands behind the colon of its name, for people.
    size : int or None
        Pixels a side, where the source has but one size.

    """

    read: Callable[[Path | None, str, Convert], Pictures]
    count: Callable[[Path | None], np.ndarray | None] = lambda root: None
    needs_root: bool = True
    needs_folder: bool = False
    comes_later: bool = False
    detail: str = ""
    size: int | None = None


def load_source(settings: "DataSettings") -> tuple[Images, list[str]]:
    """Return a source's images, with column ``index`` (in the source), and the names of its classes.

    Raises
    ------
    StudyError
        If an image cannot be read, shapes differ, or labels aren't 0 to classes - 1.
    """
    kind, _, detail = settings.source.partition(":")
    reader = PictureReader(settings)
    found = SOURCES[kind].read(settings.root, detail, lambda given, name: reader.read(given, name).pixels)
    _tell(reader)
    labels = np.asarray(found.labels, dtype=np.int64)
    if (labels < 0).any() or len(np.unique(labels)) != len(found.classes):
        raise StudyError(
            f"data.root: {settings.root} has labels {np.unique(labels).tolist()[:12]}, expected every whole number "
            f"from 0 to {len(found.classes) - 1}"
        )
    return _indexed(stack_images(found.pictures, found.names), labels), found.classes


def load_known_classes(root: Path, classes: Sequence[str], settings: PixelSettings) -> Images:
    """Return the images of those of ``classes`` that ``root`` has a folder for; labels are indices of ``classes``.

    They are read as the study's own images are, by the same ``settings``, of which size and channels are known.

    Other folders are left out, so that a test set of a thousand classes serves a study of a hundred.

    Raises
    ------
    StudyError
        If ``root`` has a folder for none of them, or an image cannot be read.
    """
    folders = {label: root / name for label, name in enumerate(classes) if (root / name).is_dir()}
    files = [(path, label) for label, folder in folders.items() for path in image_files(folder)]
    if not files:
        raise StudyError(f"{root} has images of none of the data's classes ({classes[0]}, ...); name its folders so")
    reader = PictureReader(settings)
    pictures = [reader.read(read_bytes(path), str(path)).pixels for path, _ in files]
    _tell(reader)
    return _indexed(np.stack(pictures), np.array([label for _, label in files], dtype=np.int64))


def count_images(settings: "DataSettings") -> np.ndarray | None:
    """Return the number of images per class where that is quick to know (no image is decoded), else None."""
    return SOURCES[settings.source.partition(":")[0]].count(settings.root)


def _indexed(images: np.ndarray, labels: np.ndarray) -> Images:
    return Images(images, labels, pd.DataFrame({"index": np.arange(len(labels))}))


def _tell(reader: PictureReader) -> None:
    for line in reader.finish():
        print(line, file=sys.stderr)


def _read_digits(root: Path | None, detail: str, convert: Convert) -> Pictures:
    from sklearn.datasets import load_digits  # imported here: it takes a second that no other source needs

    digits = load_digits()
    # Ink is a count of dark pixels out of 16.
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # [1797, 1, 8, 8]
    names = [f"digit {number}" for number in range(len(images))]
    pictures = [convert(image, name) for image, name in zip(images, names, strict=True)]
    return Pictures(pictures, digits.target, names, list("0123456789"))


def _read_torchvision(root: Path, detail: str, convert: Convert) -> Pictures:
    parts = [_torchvision_part(root, detail, train) for train in (True, False)]
    pictures, labels, names = [], [], []
    for part, title in zip(parts, ("train", "test"), strict=True):
        for number in range(len(part)):
            picture, label = part[number]
            names.append(f"{detail} {title} image {number}")
            pictures.append(convert(picture, names[-1]))
            labels.append(int(label))
    classes = getattr(parts[0], "classes", None) or [str(label) for label in range(max(labels) + 1)]
    return Pictures(pictures, labels, names, [str(name) for name in classes])


def _torchvision_part(root: Path, dataset: str, train: bool) -> Sequence:
    import torchvision.datasets  # imported here: it loads torch, which no other source needs

    kind = getattr(torchvision.datasets, dataset, None)
    if not isinstance(kind, type):
        raise StudyError(f"data.source: torchvision has no data set {dataset!r}; for example: CIFAR10, MNIST")
    try:
        return kind(root=str(root), download=False, train=train)
    except TypeError as error:
        raise StudyError(
            f"data.source: torchvision's {dataset} has no train and test parts that can be pooled ({error}); "
            "export it as an imagefolder or parquet"
        ) from error
    except RuntimeError as error:
        raise StudyError(
            f"data.root: {root} does not hold torchvision's {dataset} ({error}); download it there first: "
            f"python -c \"import torchvision; torchvision.datasets.{dataset}('{root}', download=True)\""
        ) from error


def _class_folders(root: Path) -> dict[str, Sequence[Path]]:
    folders = {
        folder.name: image_files(folder)
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
    }
    if len(folders) < 2:
        raise StudyError(
            f"data.root: {root} holds {len(folders)} class folder(s); expected at least two: root/class/image.png"
        )
    for name, files in folders.items():
        if not files:
            raise StudyError(f"data.root: {root / name} holds no image; allowed: {', '.join(sorted(IMAGE_SUFFIXES))}")
    return folders


def _read_image_folder(root: Path, detail: str, convert: Convert) -> Pictures:
    folders = _class_folders(root)
    files = [(path, label) for label, paths in enumerate(folders.values()) for path in paths]
    pictures = [convert(read_bytes(path), str(path)) for path, _ in files]
    return Pictures(pictures, [label for _, label in files], [str(path) for path, _ in files], list(folders))


def _read_parquet_source(root: Path, detail: str, convert: Convert) -> Pictures:
    pictures, names, labels, _ = read_pictures(root, convert)
    return Pictures(pictures, labels, names, [str(label) for label in range(int(labels.max()) + 1)])


def _count_parquet(root: Path) -> np.ndarray | None:
    labels = read_labels(root)
    return np.bincount(labels) if len(labels) and labels.min() >= 0 else None


DIGITS = "sklearn-digits"
SOURCES = {
    DIGITS: Source(
        _read_digits,
        lambda root: np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        needs_root=False,
        size=8,
    ),
    "torchvision": Source(_read_torchvision, comes_later=True, detail="<Dataset>"),
    "imagefolder": Source(
        _read_image_folder,
        lambda root: np.array([len(files) for files in _class_folders(root).values()]),
        needs_folder=True,
    ),
    "parquet": Source(_read_parquet_source, _count_parquet),
}
