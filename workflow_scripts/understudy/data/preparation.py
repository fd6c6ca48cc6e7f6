"""A study's images as they are prepared: each read once, checked, and given the group that no split divides."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.data.duplicates import digest, thumbnail
from understudy.data.groups import Relations, conflicting, find_relations, in_other_part
from understudy.data.reading import PictureReader
from understudy.data.sources import SOURCES
from understudy.errors import StudyError

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings
    from understudy.data.source_images import SourceImages


@dataclass
class Pictures:
    """What is kept of each image once it is read."""

    encoded: list[bytes] = field(default_factory=list)
    facts: list[Any] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    thumbnails: list[np.ndarray] = field(default_factory=list)
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A study's images, and what is known of all that the source gave.

    Attributes
    ----------
    source : SourceImages
        All images of the source.
    pictures : Pictures
        Of these, what was read.
    relations : Relations
        Which of these belong together.
    dropped : dict of str to bool [N]
        Which of these are left out, by the reason.
    notes : list of str
        What the reading of the files warns of.

    """

    source: "SourceImages"
    pictures: Pictures
    relations: Relations
    dropped: dict[str, np.ndarray]
    notes: Sequence[str]

    @property
    def kept(self) -> np.ndarray:
        """Numbers of the images that the study uses, int64."""
        out = np.zeros(len(self.source.labels), dtype=bool)
        for reason in self.dropped.values():
            out |= reason
        return np.flatnonzero(~out)

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns of the study's images beside the image: label, index, group, and part where given."""
        kept = self.kept
        _, groups = np.unique(self.relations.groups[kept], return_inverse=True)
        found = {"label": self.source.labels[kept], "index": kept, "group": groups.astype(np.int64)}
        return found if self.source.parts is None else {**found, "part": self.source.parts[kept]}


def prepare(settings: "DataSettings") -> Prepared:
    """Read all images of a source, each once, and find out which belong together.

    Raises
    ------
    StudyError
        If an image can't be read, shapes differ, or nothing is left of a class.
    """
    return prepare_source(SOURCES[settings.kind].read(settings), PictureReader(settings), settings)


def prepare_source(source: "SourceImages", reader: PictureReader, settings: "DataSettings") -> Prepared:
    """Read and check the images of ``source``; see `prepare`."""
    pictures = _read(source, reader)
    notes = reader.finish() or []
    relations = find_relations(
        pictures.digests,
        np.stack(pictures.thumbnails),
        source.labels,
        source.groups,
        settings.near_duplicates == "group",
    )
    dropped = {}
    if settings.label_conflicts == "drop":
        dropped["equal images with different labels"] = conflicting(relations.equal, source.labels)
    if source.parts is not None and settings.duplicates_across_parts == "drop":
        dropped["copies of images of another part"] = in_other_part(relations.copies, source.parts)[1]
    prepared = Prepared(source, pictures, relations, {why: out for why, out in dropped.items() if out.any()}, notes)
    _check_left(prepared)
    return prepared


def _read(source: "SourceImages", reader: PictureReader) -> Pictures:
    read = Pictures()
    for number, name in enumerate(source.names):
        one = reader.read(source.items[number], name)
        read.shape = read.shape or one.pixels.shape
        if one.pixels.shape != read.shape:
            raise StudyError(
                f"{name} has shape {one.pixels.shape} (channels, height, width), but {source.names[0]} has "
                f"{read.shape}; bring all images to one size and colour mode, or set `data.size` and `data.channels`"
            )
        read.encoded.append(one.png)
        read.facts.append(one.facts)
        read.digests.append(digest(one.pixels))
        read.thumbnails.append(thumbnail(one.pixels))
    return read


def _check_left(prepared: Prepared) -> None:
    source = prepared.source
    parts = np.full(len(source.labels), "") if source.parts is None else source.parts
    for part in dict.fromkeys(parts.tolist()):
        left = np.bincount(source.labels[prepared.kept][parts[prepared.kept] == part], minlength=len(source.classes))
        for label in np.flatnonzero(left == 0):
            if (source.labels[parts == part] == label).any():
                where = f" in the part {part}" if part else ""
                raise StudyError(
                    f"data: no image of class {source.classes[label]}{where} is left without "
                    f"{' and '.join(prepared.dropped)}; correct its labels or copies, or set "
                    "`label_conflicts: keep` and `duplicates_across_parts: report`"
                )
