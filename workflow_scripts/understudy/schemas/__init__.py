"""The columns of every table: name, type, meaning. People's notebooks read them, so names stay.

Errors and gains are fractions in [0, 1]; intervals (``ci_low``, ``ci_high``) are 95 %. A column whose meaning begins
with "test:" is left out by a study that has no test set. ``draw`` is -1 in an aggregate over draws.
"""

from understudy.schemas.candidates import CANDIDATE_TABLES
from understudy.schemas.columns import Column
from understudy.schemas.contents import CONTENTS
from understudy.schemas.data import DATA_TABLES
from understudy.schemas.generators import GENERATOR_TABLES
from understudy.schemas.practice import PRACTICE_TABLES
from understudy.schemas.ranking import RANKING_TABLES
from understudy.schemas.selection import SELECTION_TABLES

__all__ = ["CONTENTS", "SCHEMAS", "Column", "column_names"]

SCHEMAS: dict[str, list[Column]] = {
    **DATA_TABLES,
    **GENERATOR_TABLES,
    **CANDIDATE_TABLES,
    **SELECTION_TABLES,
    **RANKING_TABLES,
    **PRACTICE_TABLES,
}


def column_names(name: str, tested: bool) -> list[str]:
    """Return the names of a table's columns, in order; `tested`: whether the study has a test set."""
    return [column for column, _, meaning in SCHEMAS[name] if tested or not meaning.startswith("test:")]
