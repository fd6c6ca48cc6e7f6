"""Names that come from files: of models, classes and images."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.text import some


def as_text(values: Sequence | np.ndarray, where: str) -> np.ndarray:
    """Return values as an object array of texts: bytes are read as UTF-8, numbers as they are written.

    Raises
    ------
    StudyError
        Bytes that are not UTF-8.

    """
    values = np.asarray(values)
    if values.dtype.kind in "SO":
        flat = [_decoded(value, where) for value in values.ravel().tolist()]
        return np.array([*flat, None], dtype=object)[:-1].reshape(values.shape)
    return values.astype(str).astype(object)


def _decoded(value: object, where: str) -> str:
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise StudyError(f"{where}: the name {value!r} is not UTF-8 text; save names as text") from None


def model_names(names: Sequence | np.ndarray, source: str) -> list[str]:
    """Return the models' names as text, all different.

    Raises
    ------
    StudyError
        They are no list, or bytes; one is missing or empty; two are equal, or are so but for blanks or Unicode's forms.

    """
    array = np.asarray(names)
    if array.ndim != 1:
        raise StudyError(f"{source}: the names of models have shape {list(array.shape)}; give a list, [models]")
    if array.dtype.kind in "Of" and pd.isna(array).any():
        raise StudyError(f"{source}: model {int(pd.isna(array).argmax())} (counted from 0) has no name; give it one")
    if array.dtype.kind == "S" or any(isinstance(name, bytes) for name in array.tolist()):
        raise StudyError(f"{source}: the names of models are bytes; save them as text, numpy.char.decode(names)")
    texts = as_text(array, source).tolist()
    if empty := [position for position, name in enumerate(texts) if not name.strip()]:
        raise StudyError(f"{source}: model {empty[0]} (counted from 0) has an empty name; give it one")
    repeated = pd.Index(texts).duplicated()
    if repeated.any():
        again = sorted({texts[i] for i in np.flatnonzero(repeated)})
        raise StudyError(f"{source}: models {some(again)} occur more than once; give each model one row")
    if alike := lookalikes(texts, texts):
        raise StudyError(
            f"{source}: models {alike[0][0]!r} and {alike[0][1]!r} differ by blanks or the form of Unicode alone; "
            "rename one of them"
        )
    return texts


def lookalikes(first: Sequence[str], second: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of names, of one list each, that differ by blanks at the ends or the form of Unicode alone."""
    known = {_plain(name): name for name in second}
    pairs = ((name, known.get(_plain(name), name)) for name in first)
    return [(name, other) for name, other in pairs if name != other]


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
