"""Pages of the chosen snapshots' errors by class."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from understudy.report import columns, formats
from understudy.report.pages import Page, Section
from understudy.report.table_page import TablePage

CAUTION = (
    "The worst class is the highest of several uncertain errors: its error is too high on average, the more so the "
    "fewer images its class has, and another class may truly be worse."
)
MAX_MATRIX = 20  # classes whose confusion matrix fits a page
MAX_CONFUSIONS = 20
SNAPSHOT = [*columns.SOURCE, columns.text("chosen by", "generator"), columns.text("snapshot", "run")]


def _worst(row: columns.Row) -> str:
    if not row["worst_class"]:
        return formats.MISSING
    return f"{row['worst_class']} ({row['worst_images']:,.0f} images)"


WORST = [
    columns.Column("worst class", _worst),
    columns.percent_interval("its error (%)", "worst_error", "worst_ci"),
]
SUMMARY = [
    columns.text("judged on", "set"),
    columns.count("images", "images"),
    columns.percent_interval("error (%)", "error"),
    columns.percent("balanced error (%)", "balanced_error"),
    columns.number("macro F1", "macro_f1", 3),
    *WORST,
    columns.REASON,
]
class_summary_page = TablePage(
    "The chosen snapshots by class, in short",
    "Error: classes by their target shares. Balanced error: the mean over classes of the error in each. Macro F1: the "
    "mean over classes of the harmonic mean of precision and recall, classes by target shares. Brackets: 95 % "
    "intervals over images. Judged on the set that chose, errors are too low.\n" + CAUTION,
    [*SNAPSHOT, *SUMMARY],
)
CLASSES = [
    columns.text("class", "class"),
    columns.count("images", "images"),
    columns.count("errors", "errors"),
    columns.percent_interval("error (%)", "error"),
    columns.percent("precision (%)", "precision"),
    columns.number("F1", "f1", 3),
    columns.percent("counts for (%)", "target_share"),
]


def class_errors_page(table: pd.DataFrame) -> Page:
    """Return the page of ``class_errors``: for each chosen snapshot and set, its classes and its confusion matrix."""
    explanation = (
        "Errors by class of the snapshots chosen, the worst class first, with 95 % intervals (Wilson) over images. "
        "In a confusion matrix, rows are true classes and columns predicted ones, in numbers of images."
    )
    sections = [Section(texts=[explanation, CAUTION])]
    for key, rows in table.groupby(["draw", "split", "generator", "run", "epoch", "set"], sort=False):
        draw, split, generator, run, epoch, name = key
        title = f"{split}, draw {draw}: {run}@{epoch}, chosen by {generator}, on {name}"
        ordered = rows.sort_values("error", ascending=False, kind="stable")
        sections.append(Section(title, table=columns.tabulate(ordered, CLASSES)))
        sections.append(_confusions(rows))
    return Page("Errors by class", sections)


def _confusions(rows: pd.DataFrame) -> Section:
    """Show the confusion matrix, of many classes its largest cells off the diagonal."""
    names, matrix = rows["class"].tolist(), np.stack(rows["predicted_as"].to_list())
    if len(names) <= MAX_MATRIX:
        records = [{"true": name, "cells": row} for name, row in zip(names, matrix.tolist(), strict=True)]
        shown = [columns.text("true class", "true"), *map(_cell, range(len(names)), names)]
        return Section("Confusion matrix", 3, table=columns.tabulate(records, shown))
    records = list(_largest(names, matrix))
    shown = [
        columns.text("true class", "true"),
        columns.text("predicted", "predicted"),
        columns.count("images", "images"),
    ]
    return Section("The most frequent confusions", 3, table=columns.tabulate(records, shown))


def _cell(label: int, name: str) -> columns.Column:
    return columns.Column(name, lambda row: str(row["cells"][label]))


def _largest(names: Sequence[str], matrix: np.ndarray) -> Iterator[columns.Row]:
    wrong = matrix * (1 - np.eye(len(matrix), dtype=matrix.dtype))
    for cell in np.argsort(-wrong, axis=None, kind="stable")[:MAX_CONFUSIONS]:
        true, predicted = np.unravel_index(cell, wrong.shape)
        if wrong[true, predicted]:
            yield {"true": names[true], "predicted": names[predicted], "images": int(wrong[true, predicted])}


CLASS_PAGES = {"class_summary": class_summary_page, "class_errors": class_errors_page}
