"""The one order of candidates: by error, and of equal errors by the tie rule. Everything that chooses uses it.

A chooser sorts rows (`best_first`, `take_first`), or turns them into ranks, which never tie, and compares these.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

Array = np.ndarray


class Tie(NamedTuple):
    """A column that parts equal errors: whether its lowest value is chosen, and what to call the chosen one."""

    column: str
    ascending: bool
    words: str


TIES = (
    Tie("architecture", True, "the first architecture in alphabetical order"),
    Tie("seed", True, "the lowest seed"),
    Tie("epoch", False, "the latest epoch"),
)
"""The tie rule: the first column decides where it differs, else the next one."""

TIE_RULE = f"Of equal errors {', then '.join(tie.words for tie in TIES)} is chosen."
"""The tie rule as a sentence."""


def best_first(rows: pd.DataFrame, error: str = "errors") -> Array:
    """Return the positions of the rows from the best to the worst by the column `error`, int [n].

    A column of the tie rule that the rows don't have decides nothing.
    """
    keys = [rows[error].to_numpy()]
    for tie in TIES:
        if tie.column in rows:
            order = np.unique(rows[tie.column].to_numpy(), return_inverse=True)[1]
            keys.append(order if tie.ascending else -order)
    return np.lexsort(keys[::-1])  # the last key decides first


def ranks(rows: pd.DataFrame, error: str = "errors") -> Array:
    """Return the rank of each row in that order, int [n] from 0, all different."""
    return np.argsort(best_first(rows, error))


def take_first(rows: pd.DataFrame, keys: Sequence[str], error: str = "errors") -> pd.DataFrame:
    """Return the best row of each combination of `keys`, sorted by these."""
    best = rows.iloc[best_first(rows, error)].drop_duplicates(keys)
    return best.sort_values(list(keys), kind="stable").reset_index(drop=True)


def best_columns(errors: Array, candidates: pd.DataFrame) -> Array:
    """Return the best candidate of each row of `errors`, float [B, n]: positions in `candidates`, int [B].

    `candidates` have the tie rule's columns, a row for each column of `errors`.
    """
    preferred = best_first(candidates.assign(error=0.0), "error")
    return preferred[errors[:, preferred].argmin(axis=1)]


def choose_again(ranks: Array, n_resamples: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Resample n candidates with replacement and choose the best of each resample by `ranks`, int [n].

    Returns the n_resamples, int [n_resamples, n], and the chosen candidates, int [n_resamples].
    """
    resampled = rng.integers(len(ranks), size=(n_resamples, len(ranks)))
    return resampled, resampled[np.arange(n_resamples), ranks[resampled].argmin(axis=1)]
