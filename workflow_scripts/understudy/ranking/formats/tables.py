"""Predictions in tables, parquet or csv: a row for each model, for each model and image, or for each image."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from understudy.errors import StudyError
from understudy.ranking.formats.columns import column_array, is_list, list_array, read_csv, read_parquet_file
from understudy.ranking.formats.identifiers import identifiers, order_without_labels, positions
from understudy.ranking.formats.set_files import ARRAY, SetFiles
from understudy.ranking.label_numbers import Classes
from understudy.ranking.names import as_text
from understudy.ranking.predictions import Predictions, make_predictions
from understudy.text import quoted, some

TABLES: dict[str, Callable] = {".parquet": read_parquet_file, ".csv": read_csv}
"""Reads a table, by the suffix of its file."""
ROW_NUMBERS = ("Unnamed: 0", "__index_level_0__")
"""Names that pandas gives to the row numbers that it writes unasked."""


@dataclass(frozen=True)
class TrueLabels:
    """True labels, as they are given, with the identifiers of their images if they have any."""

    values: np.ndarray
    ids: np.ndarray | None
    source: str

    def in_order(self, ids: np.ndarray | None, source: str) -> np.ndarray:
        """Return the labels of the images with these identifiers, in their order; all labels if either has none.

        Raises
        ------
        StudyError
            The images are not the same.

        """
        if ids is None or self.ids is None:
            return self.values
        return self.values[positions(ids, self.ids, source, self.source)]


def read_tables(files: SetFiles, classes: Classes) -> Predictions:
    """Read predictions from tables that hold different models, and the true labels from one more, or from the first.

    Raises
    ------
    StudyError
        A file is missing, no table of its kind, or lacks its columns; otherwise as `make_predictions`.

    """
    paths = files["files"]
    own_labels = files["labels"] == ARRAY
    truth = read_labels(paths[0] if own_labels else files["labels"], classes)
    names, rows, order = [], [], truth.ids
    for path in paths:
        table = _read(path, classes)
        models, predicted, order = _predictions_of(table, path, truth, order)
        names += models
        rows += predicted
    source = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return make_predictions(names, rows, truth.in_order(order, source), classes, source=source)


def read_labels(path: str, classes: Classes) -> TrueLabels:
    """Read a table's column `label`, and its column `image` if it has one.

    An image may have several rows, in a table of many models' predictions, if its label is the same in all.

    Raises
    ------
    StudyError
        The file is missing or no table, has no column `label`, or gives an image two labels.

    """
    table = _read(path, classes, ["label"])
    labels, where = column_array(table, "label", path), f"{path}, column image"
    if "image" not in table.column_names:
        if "model" in table.column_names and "predicted" in table.column_names:
            raise StudyError(f"{path}: column label without a column image; add it, or give labels a file of their own")
        return TrueLabels(labels, None, path)
    images = pd.Index(as_text(_known(column_array(table, "image", path), where), where))
    if not images.has_duplicates:
        return TrueLabels(labels, images.to_numpy(), path)
    number, _ = pd.factorize(images)
    first = np.flatnonzero(~images.duplicated())
    other = (labels != labels[first][number]).reshape(len(labels), -1).any(axis=1)
    if other.any():
        raise StudyError(
            f"{path}: image {quoted(images[other.argmax()])} has two labels; correct one of its rows, or leave it out"
        )
    if "model" not in table.column_names:
        again = list(dict.fromkeys(images[images.duplicated()]))
        raise StudyError(f"{where}: images {some(again)} occur more than once; give each image one row")
    return TrueLabels(labels[first], images[first].to_numpy(), path)


def _read(path: str, classes: Classes, columns: list[str] | None = None) -> pa.Table:
    """Read a table that must have these columns; by default those of predictions, unless every model is a column."""
    read = TABLES.get(Path(path).suffix, read_parquet_file)
    return read(path, classes, columns)


def _predictions_of(
    table: pa.Table, path: str, truth: TrueLabels, order: np.ndarray | None
) -> tuple[list, list[np.ndarray], np.ndarray | None]:
    """Return models, their predictions and the identifiers of the images in the order of these, None if unknown."""
    if "predicted" not in table.column_names:
        return _from_columns(table, path, order)
    if "image" not in table.column_names and is_list(table["predicted"].type):
        return _from_rows_of_models(table, path, order)
    models = as_text(_known(column_array(table, "model", path), f"{path}, column model"), path)
    number, names = pd.factorize(models)
    predicted = column_array(table, "predicted", path)
    if "image" not in table.column_names:
        counts = np.bincount(number)
        for name, count in zip(names, counts, strict=True):
            if count != len(truth.values):
                raise StudyError(
                    f"{path}: model {quoted(name)} has {count} rows, but there are {len(truth.values)} true labels; "
                    "give a row for each model and image, and both files a column `image`"
                )
        return list(names), np.split(predicted[np.argsort(number, kind="stable")], np.cumsum(counts)[:-1]), order
    where = f"{path}, column image"
    images = as_text(_known(column_array(table, "image", path), where), where)
    unique = pd.unique(pd.Series(images, dtype=object))
    if order is None:
        order = order_without_labels(np.asarray(unique, dtype=object), where)
    positions(order, np.asarray(unique, dtype=object), where, f"{truth.source} or of other models")
    position = pd.Index(order).get_indexer(pd.Index(images))
    cell = number.astype(np.int64) * len(order) + position
    counts = np.bincount(cell, minlength=len(names) * len(order))
    if (counts != 1).any():
        model, image = divmod(int((counts != 1).argmax()), len(order))
        raise StudyError(
            f"{path}: {counts[model * len(order) + image]} rows for model {quoted(names[model])} and image "
            f"{quoted(order[image])}; give one for each model and image ({(counts != 1).sum()} such mistakes)"
        )
    inverse = np.empty(len(cell), np.int64)
    inverse[cell] = np.arange(len(cell))
    return list(names), list(predicted[inverse].reshape(len(names), len(order), *predicted.shape[1:])), order


def _from_rows_of_models(
    table: pa.Table, path: str, order: np.ndarray | None
) -> tuple[list, list[np.ndarray], np.ndarray | None]:
    names = list(column_array(table, "model", path))
    # By way of values: nested lists of a hundred thousand labels become arrays without a Python object for each.
    rows = [list_array(row, path) for row in table["predicted"]]
    if "images" not in table.column_names:
        return names, rows, order
    for position, given in enumerate(table["images"]):
        where = f"{path}, images of model {quoted(str(names[position]))}"
        ids = identifiers(list_array(given, path), where)
        order = ids if order is None else order
        if len(ids) != len(rows[position]):
            raise StudyError(
                f"{where}: {len(ids)} identifiers for {len(rows[position])} predictions; give one for each"
            )
        rows[position] = rows[position][positions(order, ids, where, "the true labels or other models")]
    return names, rows, order


def _from_columns(
    table: pa.Table, path: str, order: np.ndarray | None
) -> tuple[list, list[np.ndarray], np.ndarray | None]:
    """Read a table with a row for each image and a column for each model."""
    names = [name for name in table.column_names if name not in ("image", "label", *ROW_NUMBERS)]
    rows = [column_array(table, name, path) for name in names]
    if "image" not in table.column_names:
        return names, rows, order
    where = f"{path}, column image"
    ids = identifiers(column_array(table, "image", path), where)
    if order is None:
        return names, rows, ids
    at = positions(order, ids, where, "the true labels")
    return names, [row[at] for row in rows], order


def _known(values: np.ndarray, where: str) -> np.ndarray:
    missing = pd.isna(values)
    if missing.any():
        raise StudyError(
            f"{where}: row {int(missing.argmax())} (counted from 0) is empty; fill it, or leave the row out"
        )
    return values
