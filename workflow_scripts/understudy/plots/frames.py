"""Shaping the frames that figures and pages show."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from understudy.selection.aggregation import AGGREGATE


def in_study_order(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> pd.DataFrame:
    """Sort rows by draw (aggregates first), split and selection set, in the configuration's order, if it has draws."""
    order = {"split": list(splits), "generator": ["", *generators, "validation"]}

    def ranks(column: pd.Series) -> pd.Series:
        return column.map(order[column.name].index) if column.name in order else column

    keys = [name for name in ("draw", *order) if name in table]
    return table.sort_values(keys, key=ranks, kind="stable", ignore_index=True) if "draw" in table else table


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

    Takes rows with ``error`` of one split, regime and set; returns family, architecture, mean, half_width. With
    several draws the spread is that within draws, pooled: what draws have in common moves all architectures together.
    With one run of each draw there is no spread, and the half-width is NaN.
    """
    keys = ["family", "architecture"]
    residual = errors["error"] - errors.groupby([*keys, "draw"])["error"].transform("mean")
    found = (
        errors.assign(square=residual**2)
        .groupby(keys)
        .agg(mean=("error", "mean"), runs=("error", "size"), draws=("draw", "nunique"), squares=("square", "sum"))
    )
    freedom = found["runs"] - found["draws"]
    standard_error = np.sqrt(found["squares"] / freedom / found["runs"])
    return found[["mean"]].assign(half_width=stats.t.ppf(0.975, freedom) * standard_error).reset_index()


def in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the distinct ``names`` in ``order``; what the order lacks follows at the end, sorted."""
    found = set(names)
    return [name for name in order if name in found] + sorted(found - set(order))


def selection_sets(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> list[str]:
    """Return the selection sets of a table (column ``generator``), those of most splits first."""
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


def whole_pool(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that compares protocols about all candidates: family ``all``, or the only family."""
    several = (comparison["family"] == "all").any()
    return comparison[comparison["family"] == "all"] if several else comparison
