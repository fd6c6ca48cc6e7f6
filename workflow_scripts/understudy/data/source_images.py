"""What a source of images gives: their files or arrays, not decoded yet, with labels, names, parts and groups."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.data.folders import Skipped
from understudy.data.names import as_yaml, check_class_names, other_forms
from understudy.errors import StudyError
from understudy.text import printable, some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

PARTS = ("train", "validation", "test")
LEFT_OUT = "of classes that `data.classes` leaves out"


def offered_parts(paths: dict[str, Path]) -> str:
    """Return the value of `data.parts` to suggest; without a test part the validation part is to test."""
    named = {part: printable(path) for part, path in paths.items()}
    if "test" not in named and "validation" in named:
        named["test"] = named.pop("validation")
    return as_yaml({part: named[part] for part in PARTS if part in named})


class PartsNotClassesError(StudyError):
    """Folders or files are named as parts of the data: nobody has said yet what they are."""


@dataclass(frozen=True)
class SourceImages:
    """All images of a source, none of them decoded yet.

    Attributes
    ----------
    items
        For each image the bytes of its file, or a uint8 array [C, H, W] (a picture of Pillow where a data set of
        torchvision makes one that is neither grey nor colour). They are read when they are asked for, best in order.
    labels
        int64 [N], whole numbers from 0 to classes - 1.
    names
        What messages call the images: a path below the root, or a file and a row.
    classes
        Names of the classes.
    parts
        Text [N], `train`, `validation` or `test`, where the source has fixed parts, else None.
    groups
        Text [N], which images belong together, where the study says so, else None.
    skipped
        Names of files that were passed over, by the reason.

    """

    items: Sequence[Any]
    labels: np.ndarray
    names: Sequence[str]
    classes: list[str]
    parts: np.ndarray | None = None
    groups: np.ndarray | None = None
    skipped: dict[str, list[str]] = field(default_factory=dict)

    def notices(self) -> list[str]:
        """Say what was passed over, a line for each reason."""
        return Skipped(self.skipped).notices()

    def take(self, kept: np.ndarray) -> "SourceImages":
        """Return the images of these indices; labels and classes stay as they are."""
        return replace(
            self,
            items=_Taken(self.items, kept),
            labels=self.labels[kept],
            names=[self.names[number] for number in kept],
            parts=None if self.parts is None else self.parts[kept],
            groups=None if self.groups is None else self.groups[kept],
        )


@dataclass(frozen=True)
class _Taken(Sequence):
    items: Sequence[Any]
    kept: np.ndarray

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, number: int) -> Any:
        return self.items[int(self.kept[number])]


class Joined(Sequence):
    """Several sequences one after the other."""

    def __init__(self, parts: Sequence[Sequence]):
        self.parts, self.ends = parts, np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def __getitem__(self, number: int) -> object:
        if not 0 <= number < len(self):
            raise IndexError(number)
        part = int(np.searchsorted(self.ends, number, side="right"))
        return self.parts[part][number - (int(self.ends[part - 1]) if part else 0)]


def number_texts(texts: Sequence[str], settings: "DataSettings", key: str) -> tuple[np.ndarray, list[str]]:
    """Return labels that are text as numbers, int64 [N], and the classes that they stand for, in their order as text.

    `data.classes` gives another order; what it lacks is -1. Names may be there in another form of Unicode.

    Raises
    ------
    StudyError
        Names that people take for one, or names in `data.classes` that no label has.

    """
    forms = other_forms(texts, settings.classes or [])
    texts = [forms.get(text, text) for text in texts]
    given = sorted(set(texts))
    if settings.classes is None:
        check_class_names(given, key)
    classes = settings.classes or given
    if unknown := [name for name in classes if name not in set(given)]:
        raise StudyError(f"data.classes: {key} has no {some(unknown)}; it has {some(given, 12)}")
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(text, -1) for text in texts], dtype=np.int64), list(classes)


def with_classes(found: SourceImages, settings: "DataSettings") -> SourceImages:
    """Return images whose labels are numbers with the classes of `data.classes`: chosen among theirs, or new names.

    Raises
    ------
    StudyError
        The names are neither some of the source's nor as many new ones.

    """
    names, known = settings.classes, found.classes
    if names is None:
        return found
    if not set(names) & set(known) and len(names) == len(known):
        return replace(found, classes=list(names))
    if unknown := [name for name in names if name not in known]:
        raise StudyError(
            f"data.classes: {len(names)} names, of which the data, with {len(known)} classes ({some(known, 12)}), has "
            f"no {some(unknown)}; name some of these classes, or give each of them a new name"
        )
    numbers = np.full(len(known), -1)
    numbers[[known.index(name) for name in names]] = np.arange(len(names))
    # A label outside the source's classes gets a number outside the new ones: a later check names it.
    wrong = (found.labels < 0) | (found.labels >= len(known))
    labels = np.where(wrong, len(known), numbers[np.where(wrong, 0, found.labels)])
    return without_others(replace(found, labels=labels, classes=list(names)))


def without_others(found: SourceImages) -> SourceImages:
    """Return the images without those of label -1, which `data.classes` leaves out."""
    others = np.flatnonzero(found.labels == -1)
    if not len(others):
        return found
    found.skipped.setdefault(LEFT_OUT, []).extend(found.names[number] for number in others)
    return found.take(np.flatnonzero(found.labels != -1))
