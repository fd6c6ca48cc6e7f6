"""The columns of the report's tables: what each is called and what stands in its cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan

import pandas as pd

from understudy.plots.frames import plural
from understudy.report import formats
from understudy.report.pages import Table
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.class_shares import METRICS

Row = Mapping[str, object]
NO_TEST = "This study has no test images, so the columns that need them are empty."


@dataclass(frozen=True)
class Column:
    """A column: its title, the text of a row's cell, and whether a table of such rows needs it."""

    title: str
    cell: Callable[[Row], str]
    needed: Callable[[Sequence[Row]], bool] = lambda rows: True


def text(title: str, name: str) -> Column:
    """Show values as they are."""
    return Column(title, lambda row: str(row[name]))


def count(title: str, name: str) -> Column:
    """Show whole numbers, thousands apart."""
    return number(title, name, digits=0)


def number(title: str, name: str, digits: int = 2) -> Column:
    """Show rounded numbers."""
    return Column(title, lambda row: formats.number(row.get(name, nan), digits))


def percent(title: str, name: str, digits: int = 2) -> Column:
    """Show fractions as percentages."""
    return Column(title, lambda row: formats.percent(row.get(name, nan), digits))


def interval(title: str, name: str, ends: str = "ci", scale: float = 1.0, digits: int = 2) -> Column:
    """Show values with their intervals, whose ends are the columns ``{ends}_low`` and ``{ends}_high``."""
    return Column(title, lambda row: value_interval(row, name, ends, scale, digits))


def percent_interval(title: str, name: str, ends: str = "ci", digits: int = 2) -> Column:
    """Show fractions as percentages with their intervals."""
    return interval(title, name, ends, scale=100, digits=digits)


def value_interval(row: Row, name: str, ends: str = "ci", scale: float = 100, digits: int = 2) -> str:
    """Write a row's value with its interval; by default a fraction in percent."""
    values = (row.get(column, nan) for column in (name, f"{ends}_low", f"{ends}_high"))
    return formats.interval(*values, scale=scale, digits=digits)


def of_part(part: str, column: Column) -> Column:
    """Show the column of each row's ``part`` (see :func:`beside`); a dash where a row lacks it."""
    return replace(column, cell=lambda row: column.cell(row[part]) if part in row else formats.MISSING)


REASON = text("", "reason")
DRAW = Column(
    "draw",
    lambda row: "mean of draws" if row["draw"] == AGGREGATE else str(row["draw"]),
    needed=lambda rows: len({row["draw"] for row in rows}) > 1,
)
SPLIT = Column("split", lambda row: row["split"], needed=lambda rows: any(row["split"] for row in rows))
SOURCE = [DRAW, SPLIT]
"""What a table's rows are about: the draw where there are several, the split where the study has splits."""


def tabulate(rows: pd.DataFrame | Iterable[Row], columns: Sequence[Column], main: Sequence[int] = ()) -> Table:
    """Return the table of these rows, with the columns that they need."""
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    shown = [column for column in columns if column.needed(records)]
    cells = [[column.cell(row) for column in shown] for row in records]
    return Table([column.title for column in shown], cells, main)


def beside(table: pd.DataFrame, keys: Sequence[str], name: str) -> list[Row]:
    """Return a row for each group by ``keys``: its first row, and each of its rows as a part called as its ``name``."""
    groups = (rows.to_dict("records") for _, rows in table.groupby(list(keys), sort=False))
    return [{**rows[0], **{row[name]: row for row in rows}} for rows in groups]


def untested(table: pd.DataFrame, name: str) -> list[str]:
    """Say that no row has test figures, such as the column ``name``, or how many have none; nothing where all have."""
    lacking = int(table[name].isna().sum()) if name in table else len(table)
    if lacking == len(table):
        return [NO_TEST]
    rows = f"{plural(lacking, 'row')} of {len(table):,} can't be compared with test images"
    return [f"{rows}; the reason stands beside each."] if lacking else []


def metric_words(table: pd.DataFrame) -> list[str]:
    """Say what the errors of a table are, where it has the column ``metric``."""
    names = table["metric"].unique() if "metric" in table else ()
    return [METRICS[name] for name in names if name in METRICS]


def missing(row: Row, name: str) -> bool:
    """Tell whether a row has no value."""
    return isnan(row.get(name, nan))
