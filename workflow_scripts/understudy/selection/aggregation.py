"""Rows of the selection tables while they still carry their variances, and their aggregates over draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from understudy.schemas import column_names
from understudy.statistics.intervals import Estimate, combine_draws

AGGREGATE = -1
"""The draw of a row that is an aggregate over draws."""

Record = dict[str, Any]


def with_aggregates(records: Sequence[Record], keys: Sequence[str], overlaps: Mapping[str, float]) -> list[Record]:
    """Append to `records` the mean over draws of those equal in `keys` (all key columns but draw).

    Numbers are averaged, estimates combined (`combine_draws`; `overlaps` gives, by split, what the draws' test sets
    have in common), arrays put end to end, text that differs is joined in the order of draws. A value missing in one
    draw is missing in the aggregate, with its reason. One draw alone has no aggregate.
    """
    groups: dict[tuple, list[Record]] = {}
    for record in records:
        groups.setdefault(tuple(record[key] for key in keys), []).append(record)
    draws = len({record["draw"] for record in records})
    aggregates = []
    for group in groups.values():
        if draws < 2:
            break
        merged: Record = {"draw": AGGREGATE}
        for column in group[0]:
            if column != "draw":
                merged[column] = _merge([record[column] for record in group], overlaps.get(group[0]["split"], 1.0))
        merged["reason"] = merged["reason"] or missing_draws(len(group), draws)
        aggregates.append(merged)
    return [*records, *aggregates]


def missing_draws(found: int, draws: int) -> str:
    """Say that an aggregate is over some of the draws alone; empty where all have it."""
    return f"only {found} of {draws} draws have it" if found < draws else ""


def to_frame(
    name: str, records: Sequence[Record], intervals: Mapping[str, tuple[str, str, float]], tested: bool, metric: str
) -> pd.DataFrame:
    """Turn records into the table `name`, without its test columns unless the study is `tested`.

    `intervals`: for each column of estimates, the columns of its interval's ends, and the lowest value possible.
    `metric`: what the table's errors are.
    """
    rows = []
    for record in records:
        row = {**record, "metric": metric}
        for column, (low, high, lowest) in intervals.items():
            if isinstance(row.get(column), Estimate):
                row[low], row[high] = np.clip(row[column].interval(), lowest, 1.0)
                row[column] = row[column].value
            elif column in row:
                row[low], row[high] = np.nan, np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=column_names(name, tested))


def _merge(values: list[Any], overlap: float) -> Any:
    if isinstance(values[0], str):
        return "; ".join(dict.fromkeys(value for value in values if value))
    if any(value is None or (isinstance(value, float) and np.isnan(value)) for value in values):
        return np.nan
    if isinstance(values[0], np.ndarray):
        return np.concatenate(values)
    if isinstance(values[0], Estimate):
        return combine_draws(values, overlap)
    if isinstance(values[0], int):
        return round(float(np.mean(values)))
    return float(np.mean(values))
