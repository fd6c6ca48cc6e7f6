"""What the preparation of a study's images found, as a table and as sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from understudy.data.groups import conflicting, in_other_part
from understudy.data.preparation import Prepared
from understudy.text import some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

NAMED = 10
"""Names of images in one cell."""
LISTED_PAIRS = 10_000
LISTED_SIZES = 12
UNLIKE_SHARE = 10
"""A class has few images if the largest has so many times more."""

Row = tuple[str, str, int, str]
"""Check, subject, images, detail."""


def data_checks(prepared: Prepared, warnings: Iterable[str]) -> pd.DataFrame:
    """Return the table `data_checks`."""
    rows = [
        *_counts(prepared),
        *_files(prepared),
        *_copies(prepared),
        *(("warning", "", 0, line) for line in warnings),
    ]
    frame = pd.DataFrame(rows, columns=["check", "subject", "images", "detail"])
    frame.insert(3, "share", frame["images"] / len(prepared.source.labels))
    return frame


def warnings(prepared: Prepared, settings: "DataSettings") -> list[str]:
    """Return what someone should know before the study goes on, a line each."""
    source, relations = prepared.source, prepared.relations
    lines = list(prepared.notes)
    equal = relations.sets(relations.equal)
    if equal:
        lines.append(
            f"{sum(map(len, equal))} images are duplicates, equal in every pixel, in {plural(len(equal), 'set')} (for "
            f"example {names(prepared, equal[0], 3)})"
            + ("; each set stays in one part" if source.parts is None else "")
        )
    lines += _conflict_warnings(prepared, settings)
    near = relations.near
    if len(near):
        pair = names(prepared, [near.first[0], near.second[0]])
        lines.append(
            f"near duplicates: {plural(len(near), 'pair')} of images with a similarity of {near.least:.2f} or more "
            f"(for example {pair}); they stay in one part where it is drawn; see them in data_report.html, and set "
            "`data.near_duplicates: ignore` if they are different pictures"
        )
    if settings.near_duplicates == "group" and isnan(near.least) and len(np.unique(relations.equal)) > 2:
        lines.append(
            "near duplicates can't be told from images that are merely alike in this data set: only equal images are "
            "kept together; if some show one object or patient, set `data.groups`"
        )
    if source.parts is not None:
        lines += _part_warnings(prepared, settings)
    counts = np.bincount(source.labels[prepared.kept], minlength=len(source.classes))
    if counts.min() * UNLIKE_SHARE < counts.max():
        few, many = (source.classes[label] for label in (counts.argmin(), counts.argmax()))
        lines.append(f"classes are unequal: {many} has {counts.max()} images, {few} {counts.min()}")
    return lines


def plural(number: int, thing: str) -> str:
    """Return a number with what it counts: `1 set`, `17 sets`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def names(prepared: Prepared, numbers: Iterable[int], shown: int = NAMED) -> str:
    """Return the names of images, the first few, and how many more there are."""
    return some((prepared.source.names[number] for number in numbers), shown)


def _conflict_warnings(prepared: Prepared, settings: "DataSettings") -> Iterator[str]:
    conflicts = conflict_sets(prepared)
    if conflicts:
        done = (
            "left out" if settings.label_conflicts == "drop" else "kept; `data.label_conflicts: drop` leaves them out"
        )
        labels = [prepared.source.classes[label] for label in prepared.source.labels[conflicts[0]]]
        yield (
            f"{sum(map(len, conflicts))} equal images have different labels, in {plural(len(conflicts), 'set')} (for "
            f"example {names(prepared, conflicts[0], 3)}: {', '.join(labels[:3])}); they are {done}"
        )


def _part_warnings(prepared: Prepared, settings: "DataSettings") -> Iterator[str]:
    source, relations = prepared.source, prepared.relations
    elsewhere, earlier = in_other_part(relations.copies, source.parts)
    if elsewhere.any():
        number = np.flatnonzero(earlier)[0]
        others = relations.copies == relations.copies[number]
        other = np.flatnonzero(others & (source.parts != source.parts[number]))[0]
        done = (
            f"{earlier.sum()} are left out of the training side"
            if settings.duplicates_across_parts == "drop"
            else "they are kept, so test errors are too small; `data.duplicates_across_parts: drop` leaves out "
            "those of the training side"
        )
        yield (
            f"{elsewhere.sum()} images have a duplicate in another part (for example {names(prepared, [number])} in "
            f"{source.parts[number]} and {names(prepared, [other])} in {source.parts[other]}); {done}"
        )
    if source.groups is not None:
        divided = in_other_part(relations.groups, source.parts)[0] & ~elsewhere
        if divided.any():
            groups = sorted(set(source.groups[divided].tolist()))
            yield (
                f"{divided.sum()} images are of groups that the data's fixed parts divide ({', '.join(groups[:3])}"
                f"{', ...' if len(groups) > 3 else ''}): the test part isn't independent of the training part"
            )


def conflict_sets(prepared: Prepared) -> list[np.ndarray]:
    """Return the sets of equal images that have several labels."""
    relations, labels = prepared.relations, prepared.source.labels
    doubtful = conflicting(relations.equal, labels)
    return [images for images in relations.sets(relations.equal) if doubtful[images[0]]]


def _counts(prepared: Prepared) -> Iterator[Row]:
    source, kept = prepared.source, prepared.kept
    yield "images", "", len(kept), f"of {len(source.labels):,} images that the source gave"
    labels = source.labels[kept]
    for label, name in enumerate(source.classes):
        yield "class", name, int((labels == label).sum()), f"label {label}"
    if source.parts is not None:
        for part in dict.fromkeys(source.parts.tolist()):
            inside = source.parts[kept] == part
            classes = np.bincount(labels[inside], minlength=len(source.classes))
            detail = ", ".join(f"{name} {count}" for name, count in zip(source.classes, classes, strict=True))
            yield "part", part, int(inside.sum()), detail
    for reason, passed in source.skipped.items():
        yield "skipped", reason, len(passed), some(passed, NAMED)
    for reason, out in prepared.dropped.items():
        yield "left_out", reason, int(out.sum()), names(prepared, np.flatnonzero(out))


def _files(prepared: Prepared) -> Iterator[Row]:
    facts = prepared.pictures.facts
    for check, key in (("format", "format"), ("mode", "mode"), ("bits", "bits")):
        for value, count in Counter(str(getattr(one, key)) for one in facts).most_common():
            yield check, value, count, "bits a channel" if check == "bits" else ""
    sizes = Counter((one.width, one.height) for one in facts).most_common()
    for (width, height), count in sizes[:LISTED_SIZES]:
        yield "original_size", f"{width} x {height}", count, "width x height in pixels"
    if rest := sum(count for _, count in sizes[LISTED_SIZES:]):
        yield "original_size", f"{len(sizes) - LISTED_SIZES} others", rest, ""
    for check, key, detail in (
        ("turned", "turned", "turned upright, as their files ask for"),
        ("transparent", "transparent", "with transparent pixels, laid on the ground `data.background`"),
        ("profile", "profile", "with a colour profile"),
    ):
        yield check, "", sum(bool(getattr(one, key)) for one in facts), detail
    animated = sum((one.frames or 1) > 1 for one in facts)
    yield "animated", "", animated, "several frames, of which the first is used"
    channels, height, width = prepared.pictures.shape
    yield (
        "stored",
        f"{width} x {height}",
        len(prepared.kept),
        f"{channels} channel{'s' if channels > 1 else ''}, 8 bits",
    )


def _copies(prepared: Prepared) -> Iterator[Row]:
    source, relations = prepared.source, prepared.relations
    equal, conflicts, near = relations.sets(relations.equal), conflict_sets(prepared), relations.near
    yield "equal_images", "", sum(map(len, equal)), f"in {plural(len(equal), 'set')}"
    for images in equal:
        yield "equal_set", _classes(prepared, images), len(images), names(prepared, images)
    yield (
        "label_conflicts",
        "",
        sum(map(len, conflicts)),
        f"equal images with different labels, in {plural(len(conflicts), 'set')}",
    )
    for images in conflicts:
        yield "label_conflict", _classes(prepared, images), len(images), names(prepared, images)
    least = (
        "not looked for"
        if isnan(near.least)
        else f"{plural(len(near), 'pair')} of a similarity of {near.least:.2f} or more"
    )
    yield "near_duplicates", "", len(np.unique(np.concatenate([near.first, near.second]))), least
    for first, second, similarity in list(zip(near.first, near.second, near.similarity, strict=True))[:LISTED_PAIRS]:
        pair = [int(first), int(second)]
        yield "near_pair", _classes(prepared, pair), 2, f"similarity {similarity:.3f}: {names(prepared, pair)}"
    if source.parts is not None:
        elsewhere = in_other_part(relations.copies, source.parts)[0]
        yield "across_parts", "", int(elsewhere.sum()), names(prepared, np.flatnonzero(elsewhere))
    sets = relations.sets(relations.groups)
    if sets:
        largest = max(sets, key=len)
        yield "groups", "", sum(map(len, sets)), f"in {plural(len(sets), 'group')}, which no split divides"
        yield "largest_group", _classes(prepared, largest), len(largest), names(prepared, largest, 3)


def _classes(prepared: Prepared, images: Iterable[int]) -> str:
    labels = dict.fromkeys(prepared.source.labels[list(images)].tolist())
    return ", ".join(prepared.source.classes[label] for label in labels)
