"""Formats of prediction files, whatever framework wrote them: their registry, and how each is read.

- npz: an array of model names [N], one of predicted labels, [N, I] (top-1) or [N, I, k] (best first), and one of true
  labels [I]; the arrays' names can be given;
- parquet: one row per model with columns `model` and `predicted` (a list of I labels, or of I lists of k), and the
  true labels in a parquet file of their own with a column `label` [I].

Labels are numbers from 0, or names of classes.
"""

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.errors import StudyError
from understudy.ranking.matching import union
from understudy.ranking.predictions import Predictions, make_predictions, some

Classes = int | Sequence[str]
"""Number of classes, or their names in the order of their numbers."""


class SetFiles(TypedDict, total=False):
    """Where a set's predictions lie; as :meth:`understudy.ranking.plan.RankingPlan.given_sets` gives it.

    Either `of`, the names of the sets that it unites, or `files` and `labels`: parquet files of predictions and the
    file of true labels; or one npz file and the names of its arrays `models`, `predicted` and `labels`.
    """

    of: list[str]
    files: list[str]
    labels: str
    models: str
    predicted: str


@dataclass(frozen=True)
class PredictionFormat:
    """A format of prediction files.

    Attributes
    ----------
    read
        Reads a set.
    labels_apart
        Whether `labels` names a file of its own rather than an array.

    """

    read: Callable[[SetFiles, Classes], Predictions]
    labels_apart: bool


def read_npz(files: SetFiles, classes: Classes) -> Predictions:
    """Read predictions from an npz file.

    Raises
    ------
    StudyError
        The file is missing, no npz, or lacks an array; otherwise as `make_predictions`.

    """
    (path,), names = files["files"], [files["models"], files["predicted"], files["labels"]]
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in names if name not in file.files]
            if missing:
                raise StudyError(f"{path}: no arrays {some(missing)}; the file has {some(file.files)}")
            arrays = [_plain_array(file, name, path) for name in names]
    # What is no npz file numpy takes for a single array, or for a pickle that it proposes to load unsafely.
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(
            f"{path}: no npz file, or a damaged one; write it anew with numpy.savez (arrays {', '.join(names)})"
        ) from error
    except OSError as error:
        raise StudyError(f"{path}: not readable ({error}); correct the path, or the file's permissions") from error
    return make_predictions(*arrays, classes, source=path)


def read_parquet(files: SetFiles, classes: Classes) -> Predictions:
    """Read predictions from parquet files that hold different models, and the true labels from one more file.

    Raises
    ------
    StudyError
        A file is missing, not parquet, or lacks its columns; otherwise as `make_predictions`.

    """
    paths = files["files"]
    truth = _read_columns(files["labels"], ["label"])["label"].to_numpy()
    names, rows = [], []
    for path in paths:
        table = _read_columns(path, ["model", "predicted"])
        names += table["model"].to_pylist()
        # By way of values: nested lists of a hundred thousand labels become arrays without a Python object for each.
        rows += [_list_array(row, path) for row in table["predicted"]]
    source = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    return make_predictions(names, rows, truth, classes, source=source)


def _plain_array(file: np.lib.npyio.NpzFile, name: str, path: str) -> np.ndarray:
    try:
        return file[name]
    except ValueError as error:
        raise StudyError(
            f"{path}: array {name} holds Python objects, or is damaged; save names as strings, numpy.array({name}, "
            "dtype=str), and numbers with dtype=int"
        ) from error


def _read_columns(path: str, columns: list[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in columns if name not in file.schema_arrow.names]
            if missing:
                raise StudyError(f"{path}: no columns {some(missing)}; the file has {some(file.schema_arrow.names)}")
            return file.read(columns=columns)
    except pa.ArrowInvalid as error:
        raise StudyError(
            f"{path}: no parquet file, or a damaged one; write it anew (columns: {', '.join(columns)})"
        ) from error
    except OSError as error:
        raise StudyError(f"{path}: not readable as parquet ({error}); correct the path, or write it anew") from error


def _list_array(row: pa.Scalar, path: str) -> np.ndarray:
    if row.values is None:
        raise StudyError(f"{path}: a model's predictions are null; leave its row out, or give its predictions")
    values = row.values
    if not pa.types.is_list(values.type) and not pa.types.is_large_list(values.type):
        return values.to_numpy(zero_copy_only=False)
    flat = values.flatten().to_numpy(zero_copy_only=False)
    if len(values) == 0 or len(flat) % len(values):
        raise StudyError(f"{path}: the numbers of labels per image differ; give the same number for every image")
    return flat.reshape(len(values), -1)


FORMATS = {
    ".npz": PredictionFormat(read_npz, labels_apart=False),
    ".parquet": PredictionFormat(read_parquet, labels_apart=True),
}
"""By the suffix of the files."""


def find_format(path: str | Path) -> PredictionFormat:
    """Return the format of a prediction file."""
    return FORMATS[Path(path).suffix]


def read_set(name: str, sets: Mapping[str, SetFiles], classes: Classes, models: Sequence[str] | None) -> Predictions:
    """Read a set, or unite those that it consists of; of its models only `models`, unless these are None.

    Raises
    ------
    StudyError
        A file that can't be read, sets that can't be united (see `union`), no model that is left.

    """
    files = sets[name]
    if "of" in files:
        return union([read_set(part, sets, classes, models) for part in files["of"]])
    found = find_format(files["files"][0]).read(files, classes)
    if models is None:
        return found
    kept = [model for model in found.models if model in set(models)]
    if not kept:
        raise StudyError(f"set {name}: none of the models has predictions on every set")
    return found.of_models(kept)
