"""Tables from parquet and csv files, and their columns as arrays."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from understudy.errors import StudyError
from understudy.ranking.label_numbers import Classes
from understudy.text import some

PREDICTED = ("model", "predicted")
LISTS = ("is_list", "is_large_list", "is_fixed_size_list", "is_list_view", "is_large_list_view")


def read_parquet_file(path: str, classes: Classes, columns: list[str] | None) -> pa.Table:
    """Read a parquet file that must have these columns, and identifiers where it has them.

    None stands for `model` and `predicted`, or, if the file has neither, a column for each model.

    Raises
    ------
    StudyError
        The file is missing, not parquet, or lacks a column.

    """
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            return file.read(columns=_wanted(path, names, columns)).unify_dictionaries()
    except pa.ArrowInvalid as error:
        needed = ", ".join(columns or PREDICTED)
        raise StudyError(f"{path}: no parquet file, or a damaged one; write it anew (columns: {needed})") from error
    except (OSError, pa.ArrowException) as error:
        raise StudyError(f"{path}: not readable as parquet ({error}); correct the path, or write it anew") from error


def read_csv(path: str, classes: Classes, columns: list[str] | None) -> pa.Table:
    """Read a csv file likewise: separated by commas, semicolons or tabs, with or without a byte-order mark.

    Columns of whole numbers alone are numbers, unless a name of a class is among them.

    Raises
    ------
    StudyError
        As `read_parquet_file`.

    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
        separator = max(",;\t", key=head.count)
        names = next(csv.reader([head], delimiter=separator), [])
        if not names:
            raise pd.errors.EmptyDataError("its first line, for the names of columns, is empty")
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise StudyError(f"{path}: columns {some(repeated)} occur more than once; give each one name")
        reading = {"dtype": str, "keep_default_na": False, "na_values": [""], "encoding": "utf-8-sig"}
        # By position: a column without a name, as pandas writes row numbers, gets one when it is read.
        places = [names.index(name) for name in _wanted(path, names, columns)]
        frame = pd.read_csv(path, sep=separator, index_col=False, usecols=places, **reading)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
        reason = str(error).strip().splitlines()[0]
        raise StudyError(f"{path}: no csv file in UTF-8, or a damaged one ({reason}); write it anew") from error
    except OSError as error:
        raise StudyError(f"{path}: not readable ({error}); correct the path, or the file's permissions") from error
    texts = ("model", "image")
    return pa.table({name: frame[name] if name in texts else _numbers(frame[name], classes) for name in frame.columns})


def _numbers(column: pd.Series, classes: Classes) -> pd.Series:
    if isinstance(classes, int) or not column.isin(list(classes)).any():
        try:
            return pd.to_numeric(column)
        except (ValueError, TypeError):
            pass
    return column


def _wanted(path: str, names: list[str], columns: list[str] | None) -> list[str]:
    needed = list(PREDICTED if columns is None else columns)
    if columns is None and not set(needed) & set(names) and (len(names) > 1 and {"label", "image"} & set(names)):
        return names
    missing = [name for name in needed if name not in names]
    if missing:
        raise StudyError(f"{path}: no columns {some(missing)}; the file has {some(names)}")
    optional = ("image", "images") if columns is None else ("image", "model")
    return [*needed, *(name for name in optional if name in names)]


def is_list(kind: pa.DataType) -> bool:
    """Whether the values of an Arrow type are lists, in one of its many forms."""
    return any(getattr(pa.types, test)(kind) for test in LISTS)


def column_array(table: pa.Table, name: str, path: str) -> np.ndarray:
    """Return a column as an array, [rows] or, of lists, [rows, k]."""
    column = table[name].combine_chunks()
    chunk = column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)
    return _array(chunk, path)


def list_array(row: pa.Scalar, path: str) -> np.ndarray:
    """Return a list of labels [I], or of lists of labels [I, k], as an array.

    Raises
    ------
    StudyError
        The list is null, or its lists are of different lengths.

    """
    if row.values is None:
        raise StudyError(f"{path}: a model's predictions are null; leave its row out, or give its predictions")
    return _array(row.values, path)


def _array(values: pa.Array, path: str) -> np.ndarray:
    if not is_list(values.type):
        return _plain(values)
    lengths = pc.list_value_length(values)
    sizes = lengths.unique()
    if len(values) == 0 or len(sizes) != 1 or not sizes[0].is_valid or sizes[0].as_py() == 0:
        raise StudyError(f"{path}: the numbers of labels per image differ; give the same number for every image")
    flat = _array(values.flatten(), path)
    return flat.reshape(len(values), -1, *flat.shape[1:])


def _plain(values: pa.Array) -> np.ndarray:
    """Return values without lists: numbers as numbers, texts and categories as objects."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    if pa.types.is_binary_view(values.type):
        values = values.cast(pa.large_binary())
    return values.to_numpy(zero_copy_only=False)
