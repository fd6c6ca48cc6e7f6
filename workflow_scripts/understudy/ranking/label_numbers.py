"""Labels from files as numbers of classes: whole numbers, names of classes, columns and one-hot rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError, nearest
from understudy.ranking.names import as_text
from understudy.text import quoted, some

Classes = int | Sequence[str]
"""Number of classes, or their names in the order of their numbers."""

ARGMAX = "these seem to be scores, probabilities or one-hot rows; give labels: numpy.argmax(predicted, axis=2)"


def class_count(classes: Classes) -> int:
    """Return the number of classes."""
    return classes if isinstance(classes, int) else len(classes)


def true_labels(labels: np.ndarray, classes: Classes, what: str) -> np.ndarray:
    """Return true labels as small integers [I], from [I], [I, 1], [1, I] or one-hot rows [I, C].

    Raises
    ------
    StudyError
        Another shape, or values that are no labels.

    """
    labels, count = np.asarray(labels), class_count(classes)
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.ravel()
    elif labels.ndim == 2 and labels.shape[1] == count and labels.dtype.kind in "biuf":
        if not (((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()):
            raise StudyError(
                f"{what}: of shape {list(labels.shape)}, but not one-hot; give one label for each image, [images]: "
                "numpy.argmax(labels, axis=1)"
            )
        labels = labels.argmax(axis=1)
    if labels.ndim != 1 or len(labels) == 0:
        raise StudyError(
            f"{what} have shape {list(labels.shape)}; give one label for each image, [images], such as labels.ravel(), "
            f"or one-hot rows [images, {count}]"
        )
    return label_numbers(labels, classes, what)


def label_numbers(values: np.ndarray, classes: Classes, what: str, models: Sequence[str] = ()) -> np.ndarray:
    """Return labels in [0, C) as small integers, from whole numbers or names of classes; `models` have a row each.

    Raises
    ------
    StudyError
        Values that are missing, no labels, or out of range.

    """
    count = class_count(classes)
    kind = np.int16 if count <= 2**15 else np.int32
    values = _of_one_type(values, what, models)
    if values.dtype.kind in "SUO":
        return _numbers_of_names(values, classes, what, kind, models)
    _check_whole(values, what, models, count)
    if not isinstance(classes, int) and _names_are_other_numbers(classes):
        raise StudyError(
            f"{what} are numbers and so are the names of the classes ({some(classes)}): a number could be a name or a "
            "position; save labels as text if they are names, else set `ranking.classes` to the number of classes"
        )
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= count:
        wrong = (values < 0) | (values >= count)
        if low == 1 and high == count:
            advice = "they seem to begin at 1; number the classes from 0 in all files"
        elif values.ndim == 3 and values.shape[2] == count:
            advice = ARGMAX
        else:
            advice = "correct them, or `ranking.classes`"
        raise StudyError(
            f"{what}: {wrong.sum()} labels out of range, {int(values[wrong][0])} the first, of "
            f"{_first(wrong, models)}; 0 to {count - 1} allowed: {advice}"
        )
    return values.astype(kind, copy=False)


def check_different(predicted: np.ndarray, what: str, models: Sequence[str], count: int) -> None:
    """Raise a StudyError unless the k labels of each image, [N, I, k], differ."""
    k = predicted.shape[2]
    for name, rows in zip(models, predicted, strict=True):
        if k <= 6:
            columns, pairs = np.ascontiguousarray(rows.T), ((i, j) for i in range(k) for j in range(i))
            repeated = [columns[i] == columns[j] for i, j in pairs]
        else:
            ordered = np.sort(rows, axis=1)
            repeated = [(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        image = next((int(one.argmax()) for one in repeated if one.any()), None)
        if image is None:
            continue
        shown = some(rows[image].tolist(), 10)
        advice = ARGMAX if k == count or rows.max() <= 1 else f"give the {k} best labels, best first, each once"
        raise StudyError(
            f"{what}: the labels of one image must differ, but model {quoted(name)} has {shown} for image {image} "
            f"(counted from 0); {advice}"
        )


def _of_one_type(values: np.ndarray, what: str, models: Sequence[str]) -> np.ndarray:
    """Return numbers that came as Python's objects as numbers; refuse what is missing, and truth values."""
    if values.dtype.kind == "O":
        missing = pd.isna(values)
        if missing.any():
            raise StudyError(
                f"{what}: {missing.sum()} labels are missing, the first of {_first(missing, models)}; give every "
                "image a label"
            )
        inferred = pd.api.types.infer_dtype(values.ravel(), skipna=False)
        types = {"integer": np.int64, "floating": float, "mixed-integer-float": float, "boolean": bool}
        try:
            values = values.astype(types.get(inferred, object))
        except OverflowError:
            raise StudyError(f"{what}: numbers too large for labels; give labels from 0") from None
        if inferred in ("decimal", "mixed-integer", "mixed", "complex", "date", "datetime", "time"):
            raise StudyError(f"{what}: values of different or unfit types ({inferred}); give whole numbers, or names")
    if values.dtype.kind == "b":
        raise StudyError(
            f"{what}: true and false are given; give the labels themselves as whole numbers from 0 "
            "(.astype(int) if these are labels of two classes, not whether a model is right)"
        )
    return values


def _check_whole(values: np.ndarray, what: str, models: Sequence[str], count: int) -> None:
    advice = "give labels from 0"
    if values.ndim == 3:
        advice += f" ({ARGMAX})"
    if values.dtype.kind not in "iuf":
        raise StudyError(f"{what}: values of type {values.dtype} that aren't whole numbers; {advice}")
    if values.dtype.kind != "f":
        return
    if not np.isfinite(values).all():
        wrong = ~np.isfinite(values)
        raise StudyError(
            f"{what}: {wrong.sum()} values are NaN or infinite, the first of {_first(wrong, models)}; give every "
            "image a label"
        )
    if (values != np.rint(values)).any():
        raise StudyError(f"{what}: values of type {values.dtype} that aren't whole numbers; {advice}")


def _numbers_of_names(values: np.ndarray, classes: Classes, what: str, kind: type, models: Sequence[str]) -> np.ndarray:
    """Numbers of names of classes; where the classes have none, of whole numbers as text."""
    if isinstance(classes, int):
        try:
            numbers = values.astype(np.int64)
        except (ValueError, OverflowError):
            unknown = sorted(set(as_text(values, what).ravel().tolist()))
            raise StudyError(
                f"{what}: unknown classes {some(unknown)}; known are numbers (give `ranking.classes` the names in the "
                "order of their numbers)"
            ) from None
        return label_numbers(numbers, classes, what, models)
    names, numbers = pd.Index(classes, dtype=object), np.empty(values.shape, kind)
    # Part by part: a model's names, as objects, take ten times the memory of its numbers.
    for part, into in zip(values, numbers, strict=True) if values.ndim > 1 else [(values, numbers)]:
        into[...] = names.get_indexer(as_text(part, what).ravel()).reshape(part.shape)
    if (numbers < 0).any():
        unknown = sorted(set(as_text(values[numbers < 0], what).tolist()))
        near = nearest(unknown[0].strip(), classes)
        raise StudyError(
            f"{what}: unknown classes {some(unknown)}; known are {some(list(names))}"
            + (f"; did you mean {quoted(near)}?" if near else "")
        )
    return numbers


def _names_are_other_numbers(classes: Sequence[str]) -> bool:
    """Whether names of classes are numbers, and not those of their positions."""
    return any(name.isdecimal() for name in classes) and list(classes) != [str(i) for i in range(len(classes))]


def _first(wrong: np.ndarray, models: Sequence[str]) -> str:
    first = np.unravel_index(wrong.argmax(), wrong.shape)
    image = f"model {quoted(models[first[0]])}, image {first[1]}" if len(models) else f"image {first[0]}"
    return f"{image} (counted from 0)"
