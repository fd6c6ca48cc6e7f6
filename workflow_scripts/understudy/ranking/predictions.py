"""Prediction files: what each of many models said about each image of a set, from whatever framework.

Two formats:

- npz: an array of model names [N], one of predicted labels, [N, I] (top-1) or [N, I, k] (best first), and one of true
  labels [I]; the arrays' names can be given;
- parquet: one row per model with columns `model` and `predicted` (a list of I labels, or of I lists of k), and the
  true labels in a parquet file of their own with a column `label` [I].

Labels are numbers from 0, or names of classes.
"""

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from understudy.errors import StudyError


@dataclass(frozen=True)
class Predictions:
    """Predicted labels of N models on the I images of one set.

    Attributes
    ----------
    models
        N names, all different.
    predicted
        [N, I, k], the k best labels, best first, as int16 (int32 if there are more than 32,768 classes): a hundred
        thousand images of hundreds of models fit into memory.
    labels
        [I] of the same type, true labels in [0, classes).
    classes
        Number of classes, C.

    """

    models: tuple[str, ...]
    predicted: np.ndarray
    labels: np.ndarray
    classes: int

    def errors(self, top: int = 1) -> np.ndarray:
        """Return which images each model gets wrong, bool [N, I]: the true label is not among its `top` best.

        Raises
        ------
        StudyError
            The predictions hold fewer than `top` labels per image.

        """
        if not 1 <= top <= self.predicted.shape[2]:
            raise StudyError(
                f"top-{top} errors were asked of predictions with {self.predicted.shape[2]} labels per image; "
                "give predictions with more, or ask for less"
            )
        wrong = self.predicted[:, :, 0] != self.labels
        for place in range(1, top):
            wrong &= self.predicted[:, :, place] != self.labels
        return wrong

    def class_risks(self, top: int = 1) -> np.ndarray:
        """Return each model's share of wrong images in each class, fp64 [N, C]; NaN in a class without images."""
        counts = self.class_counts()
        present = np.flatnonzero(counts)
        by_class = self.errors(top)[:, np.argsort(self.labels, kind="stable")]
        risks = np.full((len(self.models), self.classes), np.nan)
        starts = (np.cumsum(counts) - counts)[present]
        risks[:, present] = np.add.reduceat(by_class, starts, axis=1, dtype=np.int64) / counts[present]
        return risks

    def class_counts(self) -> np.ndarray:
        """Return the number of images of each class, int64 [C]."""
        return np.bincount(self.labels, minlength=self.classes)

    def of_models(self, models: Sequence[str]) -> "Predictions":
        """Return the predictions of these models, in this order.

        Raises
        ------
        StudyError
            A name that the set doesn't have.

        """
        if tuple(models) == self.models:
            return self
        place = {name: i for i, name in enumerate(self.models)}
        unknown = [name for name in models if name not in place]
        if unknown:
            raise StudyError(f"models {some(unknown)} have no predictions here; there are {some(self.models)}")
        return Predictions(tuple(models), self.predicted[[place[m] for m in models]], self.labels, self.classes)

    def of_images(self, images: np.ndarray) -> "Predictions":
        """Return the predictions on these images: positions, or a mask."""
        return Predictions(self.models, self.predicted[:, images], self.labels[images], self.classes)


def make_predictions(
    models: Sequence[str],
    predicted: Sequence | np.ndarray,
    labels: Sequence | np.ndarray,
    classes: int | Sequence[str],
    source: str = "predictions",
) -> Predictions:
    """Check everything and build `Predictions`.

    Parameters
    ----------
    models, predicted, labels
        As in the module's description. Whole numbers may come as floats.
    classes
        The number of classes, or their names in the order of their numbers; labels may then be names.
    source
        What to call the predictions in an error, a file's name for instance.

    Raises
    ------
    StudyError
        No models or images, duplicate models, models with differing numbers of images, NaN, labels out of range,
        unknown names of classes.

    """
    models = [str(name) for name in models]
    duplicates = sorted({name for name in models if models.count(name) > 1})
    if duplicates:
        raise StudyError(f"{source}: models {some(duplicates)} occur more than once; give each model one row")
    labels = np.asarray(labels)
    if len(models) == 0 or labels.ndim != 1 or len(labels) == 0:
        raise StudyError(f"{source}: {len(models)} models and true labels of shape {labels.shape}; give some of both")
    try:
        array = np.asarray(predicted)
    except ValueError as error:
        for name, row in zip(models, predicted, strict=False):
            if len(row) != len(labels):
                raise StudyError(
                    f"{source}: model {name} has {len(row)} predictions, but there are {len(labels)} true labels; give "
                    "every model one prediction for each image"
                ) from error
        raise StudyError(
            f"{source}: the numbers of labels per image differ between models; give all the same"
        ) from error
    needed = (len(models), len(labels))
    if array.ndim not in (2, 3) or array.shape[:2] != needed:
        advice = "give every model one prediction, and one true label, for each image"
        if array.ndim in (2, 3) and array.shape[1::-1] == needed:
            advice = "they seem transposed: save numpy.swapaxes(predicted, 0, 1)"
        raise StudyError(
            f"{source}: predictions of shape {list(array.shape)} came with {needed[0]} names of models and {needed[1]} "
            f"true labels; expected [models, images], {list(needed)}, or [models, images, 5], {[*needed, 5]}, for "
            f"top-5: {advice}"
        )
    labels = _label_numbers(labels, classes, f"{source}: true labels")
    array = _label_numbers(array, classes, f"{source}: predictions", models)
    count = classes if isinstance(classes, int) else len(classes)
    return Predictions(tuple(models), array.reshape(*array.shape[:2], -1), labels, count)


def read_npz(
    path: str | Path,
    classes: int | Sequence[str],
    models: str = "models",
    predicted: str = "predicted",
    labels: str = "labels",
) -> Predictions:
    """Read predictions from an npz file whose arrays have the names given.

    Raises
    ------
    StudyError
        The file is missing, no npz, or lacks an array; otherwise as `make_predictions`.

    """
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in (models, predicted, labels) if name not in file.files]
            if missing:
                raise StudyError(f"{path}: no arrays {some(missing)}; the file has {some(file.files)}")
            arrays = [_plain_array(file, name, path) for name in (models, predicted, labels)]
    # What is no npz file numpy takes for a single array, or for a pickle that it proposes to load unsafely.
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StudyError(
            f"{path}: no npz file, or a damaged one; write it anew with numpy.savez (arrays {models}, {predicted}, "
            f"{labels})"
        ) from error
    except OSError as error:
        raise StudyError(f"{path}: not readable ({error}); correct the path, or the file's permissions") from error
    return make_predictions(*arrays, classes, source=str(path))


def read_parquet(
    paths: str | Path | Sequence[str | Path], labels: str | Path, classes: int | Sequence[str]
) -> Predictions:
    """Read predictions from parquet files that hold different models, and the true labels from one more file.

    Raises
    ------
    StudyError
        A file is missing, not parquet, or lacks its columns; otherwise as `make_predictions`.

    """
    files = [paths] if isinstance(paths, str | Path) else list(paths)
    truth = _read_columns(labels, ["label"])["label"].to_numpy()
    names, rows = [], []
    for path in files:
        table = _read_columns(path, ["model", "predicted"])
        names += table["model"].to_pylist()
        # By way of values: nested lists of a hundred thousand labels become arrays without a Python object for each.
        rows += [_list_array(row, path) for row in table["predicted"]]
    source = str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    return make_predictions(names, rows, truth, classes, source=source)


def _plain_array(file: np.lib.npyio.NpzFile, name: str, path: str | Path) -> np.ndarray:
    try:
        return file[name]
    except ValueError as error:
        raise StudyError(
            f"{path}: array {name} holds Python objects, or is damaged; save names as strings, numpy.array({name}, "
            "dtype=str), and numbers with dtype=int"
        ) from error


def _label_numbers(
    values: np.ndarray, classes: int | Sequence[str], what: str, models: Sequence[str] = ()
) -> np.ndarray:
    """Labels in [0, C) as small integers, from whole numbers or names of classes; `models` have a row each."""
    count = classes if isinstance(classes, int) else len(classes)
    kind = np.int16 if count <= 2**15 else np.int32
    if values.dtype.kind in "UO":
        names = pd.Index([] if isinstance(classes, int) else classes, dtype=object)
        numbers = np.empty(values.shape, kind)
        # Part by part: a model's names, as objects, take ten times the memory of its numbers.
        for part, into in zip(values, numbers, strict=True) if values.ndim > 1 else [(values, numbers)]:
            into[...] = names.get_indexer(part.astype(str).astype(object).ravel()).reshape(part.shape)
        if (numbers < 0).any():
            unknown = sorted(set(values[numbers < 0].astype(str).tolist()))
            raise StudyError(f"{what}: unknown classes {some(unknown)}; known are {some(list(names)) or 'numbers'}")
        return numbers
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        wrong = ~np.isfinite(values)
        raise StudyError(
            f"{what}: {wrong.sum()} values are NaN or infinite, the first of {_first_place(wrong, models)}; give every "
            "image a label"
        )
    if values.dtype.kind not in "iuf" or (values.dtype.kind == "f" and (values != np.rint(values)).any()):
        raise StudyError(f"{what}: values of type {values.dtype} that aren't whole numbers; give labels from 0")
    if values.size and (values.min() < 0 or values.max() >= count):
        wrong = (values < 0) | (values >= count)
        raise StudyError(
            f"{what}: {wrong.sum()} labels out of range, {int(values[wrong][0])} the first, of "
            f"{_first_place(wrong, models)}; 0 to {count - 1} allowed: correct them, or `ranking.classes`"
        )
    return values.astype(kind, copy=False)


def _first_place(wrong: np.ndarray, models: Sequence[str]) -> str:
    first = np.unravel_index(wrong.argmax(), wrong.shape)
    place = f"model {models[first[0]]}, image {first[1]}" if models else f"image {first[0]}"
    return f"{place} (counted from 0)"


def _read_columns(path: str | Path, columns: list[str]) -> pa.Table:
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


def _list_array(row: pa.Scalar, path: str | Path) -> np.ndarray:
    if row.values is None:
        raise StudyError(f"{path}: a model's predictions are null; leave its row out, or give its predictions")
    values = row.values
    if not pa.types.is_list(values.type) and not pa.types.is_large_list(values.type):
        return values.to_numpy(zero_copy_only=False)
    flat = values.flatten().to_numpy(zero_copy_only=False)
    if len(values) == 0 or len(flat) % len(values):
        raise StudyError(f"{path}: the numbers of labels per image differ; give the same number for every image")
    return flat.reshape(len(values), -1)


def some(names: Sequence[str], most: int = 5) -> str:
    """Name a few of many."""
    shown = ", ".join(map(str, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
