"""Identifiers of images: what brings predictions and true labels in different orders together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.ranking.names import as_text
from understudy.text import some


def identifiers(values: np.ndarray, where: str) -> np.ndarray:
    """Return identifiers as text [I].

    Raises
    ------
    StudyError
        They are no list, one is missing, or one occurs twice.

    """
    if values.ndim != 1:
        raise StudyError(f"{where}: identifiers of shape {list(values.shape)}; give one for each image, [images]")
    missing = pd.isna(values)
    if missing.any():
        raise StudyError(
            f"{where}: row {int(missing.argmax())} (counted from 0) has no identifier; give every image one"
        )
    ids = as_text(values, where)
    repeated = pd.Index(ids).duplicated()
    if repeated.any():
        names = list(dict.fromkeys(ids[repeated].tolist()))
        raise StudyError(f"{where}: images {some(names)} occur more than once; give each image one row")
    return ids


def positions(wanted: np.ndarray, found: np.ndarray, where: str, wanted_where: str) -> np.ndarray:
    """Return, for each of the wanted identifiers, its position among those found.

    Raises
    ------
    StudyError
        An identifier is in one of the two alone.

    """
    at = pd.Index(found).get_indexer(pd.Index(wanted))
    lacking = wanted[at < 0]
    further = found[~np.isin(np.arange(len(found)), at)]
    if len(lacking) or len(further):
        raise StudyError(
            f"{where}: its images are not those of {wanted_where}: {_count(lacking, 'missing')}, "
            f"{_count(further, 'without a label')}; give the same images in both"
        )
    return at


def order_without_labels(ids: np.ndarray, where: str) -> np.ndarray:
    """Return identifiers in the order in which true labels without identifiers are meant: rising.

    Parameters
    ----------
    ids
        All different, in the order of the file.

    Raises
    ------
    StudyError
        They are not numbers without a gap and don't rise in the file: then the labels' order can't be known.

    """
    numbers = pd.to_numeric(pd.Series(ids), errors="coerce").to_numpy()
    if np.isfinite(numbers).all():
        order = np.argsort(numbers, kind="stable")
        if len(ids) == 1 or (np.diff(numbers[order]) == 1).all() or (np.diff(numbers) > 0).all():
            return ids[order]
    if (ids[:-1] < ids[1:]).all():
        return ids
    raise StudyError(
        f"{where}: the images have identifiers ({some(ids[:2].tolist())}, ...) in no rising order and the true labels "
        "have none; give the file of true labels a column `image` with the same identifiers"
    )


def _count(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}" + (f" ({some(list(names))})" if len(names) else "")
