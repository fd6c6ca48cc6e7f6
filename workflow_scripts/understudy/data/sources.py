"""Labelled images from where a study says they are; a new source is a file in ``readers`` and an entry of `SOURCES`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from understudy.data.folders import ImageFiles
from understudy.data.pixel_settings import PixelSettings
from understudy.data.readers import digits, image_folder, npz, parquet, torchvision
from understudy.data.reading import PictureReader
from understudy.data.shards import Images, read_labels, read_parts
from understudy.data.source_images import PARTS, SourceImages
from understudy.errors import StudyError
from understudy.messages import warn
from understudy.text import printable, some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings


@dataclass(frozen=True)
class Overview:
    """The names of a source's classes, and for each part (`""` where there are none) how many images each has."""

    classes: list[str]
    counts: dict[str, np.ndarray]


@dataclass(frozen=True)
class Source:
    """A kind of source.

    Attributes
    ----------
    reader : function
        Finds all images, given the settings of the data.
    is_quick : bool
        Whether labels are quick to know: their number is then checked whenever a study is planned.
    counts : tuple or None
        Images of each class, where they are the same for everyone.
    keys : tuple of str
        Keys of the settings that this source has and others may lack.
    own_parts : function
        Returns the parts that the source itself has, quickly: none, or train, test and maybe validation.
    needs_root, needs_folder : bool
        Whether the root must be given, and must be a folder.
    comes_later : bool
        Whether the images may be brought to the root after the study has been planned.
    detail : str
        What stands behind the colon of its name, for people.
    size : int or None
        Pixels a side, where the source has but one size.

    """

    reader: Callable[["DataSettings"], SourceImages]
    is_quick: bool = False
    counts: tuple[int, ...] | None = None
    keys: tuple[str, ...] = ()
    own_parts: Callable[["DataSettings"], tuple[str, ...]] = lambda settings: ()
    needs_root: bool = True
    needs_folder: bool = False
    comes_later: bool = False
    detail: str = ""
    size: int | None = None

    def read(self, settings: "DataSettings") -> SourceImages:
        """Find all images, and say in the log and on the terminal what was passed over.

        Raises
        ------
        StudyError
            If there are none, labels aren't 0 to classes - 1, or a part lacks a class.

        """
        found = self.find(settings)
        for line in found.notices():
            # Paths below the root are shorter, and easier to read.
            warn(f"data: {line.replace(f'{printable(settings.root)}/', '')}")
        return found

    def find(self, settings: "DataSettings") -> SourceImages:
        """Find all images, as :meth:`read` does without a word."""
        found = self.reader(settings)
        if settings.pool_parts:
            found = replace(found, parts=None)
        _check(found, settings)
        return found


def _check(found: SourceImages, settings: "DataSettings") -> None:
    root, labels, classes = settings.root or "data.parts", found.labels, found.classes
    numbers = np.unique(labels)
    if not len(labels):
        raise StudyError(f"data.root: {root} holds no image")
    if numbers[0] < 0 or numbers[-1] >= len(classes):
        unlabelled = "; -1 stands for images without a label: leave them out" if -1 in numbers else ""
        raise StudyError(
            f"data.root: {root} has labels {some(map(str, numbers.tolist()), 12)}, expected every whole number from 0 "
            f"to {len(classes) - 1}{unlabelled}"
        )
    parts = [""] if found.parts is None else [part for part in PARTS if part in set(found.parts.tolist())]
    for part in parts:
        mine = labels if not part else labels[found.parts == part]
        lacking = [classes[label] for label in np.setdiff1d(np.arange(len(classes)), mine)]
        if lacking:
            where = f"the part {part}" if part else f"{root}"
            raise StudyError(
                f"data: {where} has no image of the classes {some(lacking)}; expected every whole number from 0 to "
                f"{len(classes) - 1} as a label: add images, or list the other classes in `data.classes`"
            )
    if parts != [""] and not {"train", "test"} <= set(parts):
        raise StudyError(f"data: there are parts {', '.join(parts)}; train and test are needed")


def overview(settings: "DataSettings") -> Overview | None:
    """Return the classes and their counts where that is quick to know (no image is decoded), else None."""
    source = SOURCES[settings.kind]
    if source.counts is not None and settings.classes is None:
        return Overview([str(number) for number in range(len(source.counts))], {"": np.array(source.counts)})
    if not source.is_quick:
        return None
    found = source.find(settings)
    return _counted(found.labels, found.classes, found.parts)


def prepared_overview(images: Path, classes: list[str] | None) -> Overview:
    """Return the classes and counts of a study's own file of images, of which no image is read."""
    labels = read_labels(images)
    return _counted(labels, classes or [str(label) for label in range(labels.max() + 1)], read_parts(images))


def _counted(labels: np.ndarray, classes: list[str], parts: np.ndarray | None) -> Overview:
    if parts is None:
        parts = np.full(len(labels), "")
    named = [str(part) for part in dict.fromkeys(parts.tolist())]
    return Overview(classes, {part: np.bincount(labels[parts == part], minlength=len(classes)) for part in named})


def count_images(settings: "DataSettings") -> np.ndarray | None:
    """Return the number of images per class, of all parts, where that is quick to know, else None."""
    found = overview(settings)
    return None if found is None else np.sum(list(found.counts.values()), axis=0)


def load_known_classes(root: Path, classes: Sequence[str], settings: PixelSettings) -> Images:
    """Return the images of those of ``classes`` that ``root`` has a folder for; labels are indices of ``classes``.

    They are read as the study's own images are, by the same ``settings``, of which size and channels are known.
    Other folders are left out, so that a test set of a thousand classes serves a study of a hundred.

    Raises
    ------
    StudyError
        If ``root`` has a folder for none of them, or an image cannot be read.
    """
    files, labels = image_folder.known_classes(root, classes)
    reader = PictureReader(settings)
    pictures = [reader.read(item, printable(path)).pixels for item, path in zip(ImageFiles(files), files, strict=True)]
    for line in reader.finish():
        warn(f"{printable(root)}: {line}")
    return Images(np.stack(pictures), labels, pd.DataFrame({"index": np.arange(len(labels))}))


DIGITS = "sklearn-digits"
SOURCES = {
    DIGITS: Source(
        digits.read,
        counts=(178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
        needs_root=False,
        size=8,
    ),
    "torchvision": Source(
        torchvision.read, keys=("pool_parts",), own_parts=torchvision.own_parts, comes_later=True, detail="<Dataset>"
    ),
    "imagefolder": Source(
        image_folder.read,
        is_quick=True,
        keys=("parts", "pool_parts", "labels", "groups", "columns"),
        needs_folder=True,
    ),
    "parquet": Source(parquet.read, is_quick=True, keys=("parts", "pool_parts", "groups", "columns")),
    "npz": Source(npz.read, is_quick=True, keys=("pool_parts",), own_parts=npz.own_parts),
}
