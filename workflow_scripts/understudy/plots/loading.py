"""Reading and shaping what the figures draw."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from understudy.selection.aggregation import AGGREGATE
from understudy.selection.choices import RUN, snapshot_errors
from understudy.tables import read_table

COUNT_COLUMNS = [*RUN, "set", "epoch", "errors", "images"]


def read_errors(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read tables ``counts`` summed over classes and halves: the columns of ``snapshot_errors`` and ``error``.

    Each file is summed as it is read, so that memory holds a twentieth of a large study's counts.
    """
    parts = [snapshot_errors(read_table(path, "counts", COUNT_COLUMNS)) for path in paths]
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(error=rows["errors"] / rows["images"])


def in_study_order(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> pd.DataFrame:
    """Sort rows by draw (aggregates first), split and choosing set, in the configuration's order, if it has draws."""
    table = table.reset_index(drop=True)
    if "draw" not in table:
        return table
    order = {"split": list(splits), "generator": ["", *generators, "validation"]}
    ranks = {column: table[column].map(values.index) for column, values in order.items() if column in table}
    keys = table[["draw"]].assign(**ranks)
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def over_draws(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that aggregate over draws; with one draw of the splits, its rows."""
    aggregate = table["draw"] == AGGREGATE
    return table[aggregate if aggregate.any() else table["draw"] == table["draw"].min()].reset_index(drop=True)


def with_columns(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add the missing ones of ``columns`` as NaN: a study without test images has no test columns."""
    return table.reindex(columns=[*table.columns, *(name for name in columns if name not in table.columns)])


def last(errors: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each run's last snapshot."""
    return errors[errors["epoch"] == errors["last_epoch"]]


def architecture_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """Average runs by architecture, with the half-width of the mean's 95 % interval over seeds.

    Takes rows with ``error`` of one split, regime and set; returns family, architecture, mean, half_width, runs. With
    several draws the spread is that within draws, pooled: what draws have in common moves all architectures together.
    With one run of each draw there is no spread, and the half-width is NaN.
    """
    keys = ["family", "architecture"]
    rows = errors[[*keys, "draw", "error"]].copy()
    rows["deviation"] = (rows["error"] - rows.groupby([*keys, "draw"])["error"].transform("mean")) ** 2
    groups = rows.groupby(keys, sort=True)
    means = groups.agg(
        mean=("error", "mean"), runs=("error", "size"), squares=("deviation", "sum"), draws=("draw", "nunique")
    )
    freedom = (means["runs"] - means["draws"]).where(lambda n: n > 0)
    deviation = np.sqrt(means["squares"] / freedom / means["runs"])
    means["half_width"] = stats.t.ppf(0.975, freedom) * deviation
    return means.drop(columns=["squares", "draws"]).reset_index()


def in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the distinct ``names`` in ``order``; what the order lacks follows at the end, sorted."""
    found = set(names)
    return [name for name in order if name in found] + sorted(found - set(order))


def choosing_sets(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> list[str]:
    """Return the choosing sets of a table's column ``generator``: those of most splits first, validation among them."""
    table = table[table["split"].isin(splits)]
    covered = table.groupby("generator")["split"].nunique()
    names = in_order(covered.index, [*generators, "validation"])
    return sorted(names, key=lambda name: -covered[name])


def sample_size(errors: pd.DataFrame) -> str:
    """Say how many seeds an architecture has, and draws where there are several."""
    seeds, draws = errors["seed"].nunique(), errors["draw"].nunique()
    return plural(seeds, "seed") + " an architecture" + (f", {draws} draws of the splits" if draws > 1 else "")


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 draw``, ``3 draws``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
