"""The page of a study's data: a look at it tells in a minute whether it is what was meant."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from understudy.report.columns import Column, count, percent, tabulate, text
from understudy.report.contact_sheet import contact_sheet
from understudy.report.pages import Page, Picture, Section

SHOWN = 400
"""Images in the contact sheets of all classes together, about."""
PER_CLASS = (2, 16)
SHOWN_SETS = 24
SHOWN_ROWS = 50

CLASSES = [text("class", "subject"), count("images", "images"), percent("of all (%)", "share", 1)]
PARTS = [text("part", "subject"), count("images", "images"), text("by class", "detail")]
FILES = [
    Column("", lambda row: str(row["check"]).replace("_", " ")),
    text("of", "subject"),
    count("images", "images"),
    percent("of all (%)", "share", 1),
    text("", "detail"),
]
PASSED = [text("reason", "subject"), count("files or images", "images"), text("names", "detail")]
SETS = [text("classes", "subject"), count("images", "images"), text("names", "detail")]

FILE_CHECKS = ("format", "mode", "bits", "original_size", "turned", "transparent", "profile", "animated")


@dataclass(frozen=True)
class Shown:
    """The images that the page shows: by number, a function that gives the picture, and numbers of each class.

    Attributes
    ----------
    picture
        Returns an image by its number.
    names
        Names of all images.
    by_class
        Numbers of the images of each class, by its name.
    equal, conflicts
        Sets of equal images, and those of them that have several labels.
    pairs
        Near duplicates, the most similar first, with their similarity.

    """

    picture: Callable[[int], Image.Image]
    names: Sequence[str]
    by_class: dict[str, np.ndarray]
    equal: Sequence[np.ndarray]
    conflicts: Sequence[np.ndarray]
    pairs: Sequence[tuple[int, int, float]]


def data_report(checks: pd.DataFrame, shown: Shown) -> Page:
    """Return the page of the table `data_checks` with the images that it is about."""
    warnings = checks.loc[checks["check"] == "warning", "detail"].tolist()
    doubtful = warnings or checks["check"].isin(["skipped", "left_out"]).any()
    whole = checks[checks["check"] == "images"].iloc[0]
    sizes = checks[checks["check"] == "stored"].iloc[0]
    summary = (
        f"{whole['images']:,} images ({whole['detail']}), of {len(shown.by_class):,} classes, stored as "
        f"{sizes['subject']} pixels, {sizes['detail']}."
    )
    sections = [
        Section(texts=[summary], shipped=[] if doubtful else ["Nothing stands out."]),
        *([Section("What to look at", items=warnings)] if warnings else []),
        *_of(checks, "Parts", ["part"], PARTS),
        Section("Classes", table=tabulate(checks[checks["check"] == "class"], CLASSES)),
        Section("A look at each class", pictures=list(_sheets(shown))),
        *_of(checks, "Passed over", ["skipped", "left_out"], PASSED),
        *_of(checks, "Files", FILE_CHECKS, FILES),
        *_copies(checks, shown),
    ]
    return Page("The data", sections)


def _of(checks: pd.DataFrame, title: str, kinds: Sequence[str], columns: Sequence[Column]) -> Iterator[Section]:
    """Yield a table of these checks that count something."""
    rows = checks[checks["check"].isin(kinds) & (checks["images"] > 0)]
    if len(rows):
        note = (
            f"The first {SHOWN_ROWS} of {len(rows)}; the table data_checks has all." if len(rows) > SHOWN_ROWS else ""
        )
        yield Section(title, table=tabulate(rows.head(SHOWN_ROWS), columns), note=note)


def _sheets(shown: Shown) -> Iterator[Picture]:
    """Yield a contact sheet of each class: images at even distances in the order of the source."""
    number = int(np.clip(SHOWN // max(len(shown.by_class), 1), *PER_CLASS))
    for name, images in shown.by_class.items():
        if len(images):
            chosen = images[np.unique(np.linspace(0, len(images) - 1, number).astype(int))]
            yield contact_sheet([shown.picture(int(one)) for one in chosen], f"{name}: {len(images):,} images")


def _copies(checks: pd.DataFrame, shown: Shown) -> Iterator[Section]:
    counted = checks.set_index("check")
    if shown.conflicts:
        pictures = [_set(shown, images) for images in shown.conflicts[:SHOWN_SETS]]
        text = "Equal in every pixel, but of several classes: at most one of the labels can be right."
        yield Section("Equal images with different labels", texts=[text], pictures=pictures)
        yield from _of(checks, "", ["label_conflict"], SETS)
    if shown.equal:
        pictures = [_set(shown, images) for images in shown.equal[:SHOWN_SETS]]
        text = f"Equal in every pixel: {counted.loc['equal_images', 'detail']}. Each set lies in one part of a split."
        yield Section("Equal images", texts=[text], pictures=pictures)
        yield from _of(checks, "", ["equal_set"], SETS)
    texts = [f"Near duplicates: {counted.loc['near_duplicates', 'detail']}."]
    if shown.pairs:
        texts.append(
            "Copies that were encoded anew, resized or slightly cropped; each set lies in one part of a split. Below: "
            "the least and the most similar pairs. If they show different things, set `data.near_duplicates: ignore`."
        )
    half = SHOWN_SETS // 2
    chosen = shown.pairs if len(shown.pairs) <= SHOWN_SETS else [*shown.pairs[-half:], *shown.pairs[:half]]
    pairs = [_set(shown, pair[:2], f"similarity {pair[2]:.3f}\n") for pair in sorted(chosen, key=lambda pair: pair[2])]
    yield Section("Near duplicates", texts=texts, pictures=pairs)
    yield from _of(checks, "Groups that no split divides", ["groups", "largest_group"], FILES)


def _set(shown: Shown, images: Sequence[int], lead: str = "") -> Picture:
    some = [int(one) for one in images[:4]]
    more = f"\nand {len(images) - len(some)} more" if len(images) > len(some) else ""
    return contact_sheet(
        [shown.picture(one) for one in some], lead + "\n".join(shown.names[one] for one in some) + more
    )
