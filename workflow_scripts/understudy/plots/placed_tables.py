"""Tables on pages whose rows begin with the drawing and the split that they are about."""

from collections.abc import Sequence

import pandas as pd

from understudy.plots import pages
from understudy.plots.loading import plural
from understudy.selection.aggregation import AGGREGATE

PLACE = ("draw", "split")
NO_TEST = "This study has no test images, so the columns that need them are empty."


def place(row: object) -> list[str]:
    """Return the first two cells of a row."""
    draw = "mean of draws" if row.draw == AGGREGATE else str(row.draw)
    return [draw, row.split]


def placed_table(table: pd.DataFrame, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the table, without the draw where there is one, and without the split where the study has none."""
    left_out = {0: table["draw"].nunique() <= 1, 1: (table["split"] == "").all()}
    shown = [column for column in range(len(head)) if not left_out.get(column, False)]
    return pages.table([head[column] for column in shown], [[row[column] for column in shown] for row in rows])


def without_test(table: pd.DataFrame, column: str = "spearman") -> list[str]:
    """Return the sentence that says so where no row has test figures, or how many don't."""
    missing = int(table[column].isna().sum())
    if missing == 0:
        return []
    some = (
        f"{plural(missing, 'row')} of {len(table):,} can't be compared with test images; the reason stands beside each."
    )
    return [pages.paragraph(NO_TEST if missing == len(table) else some, "note")]
