"""A page that shows a table's rows as they are: what most tables need."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from understudy.report.columns import Column, metric_words, tabulate, untested
from understudy.report.pages import Page, Section

Parts = Iterable[tuple[str, pd.DataFrame]]
"""The parts of a table, each with its heading."""


def whole(table: pd.DataFrame) -> Parts:
    """Leave a table in one part, without a heading."""
    return [("", table)]


@dataclass(frozen=True)
class TablePage:
    """A page of one table.

    Attributes
    ----------
    title : str
    text : str
        What the table means, a line for each paragraph.
    columns : sequence of Column
    tested : str
        A column which only test images fill; the page says where they are missing.
    parts : callable
        Divides the table.
    """

    title: str
    text: str
    columns: Sequence[Column]
    tested: str = ""
    parts: Callable[[pd.DataFrame], Parts] = whole

    def __call__(self, table: pd.DataFrame) -> Page:
        """Return the page of a table."""
        lacking = untested(table, self.tested) if self.tested else []
        texts = [*self.text.splitlines(), *metric_words(table), *lacking]
        tables = [Section(title, table=tabulate(rows, self.columns)) for title, rows in self.parts(table)]
        return Page(self.title, [Section(texts=texts), *tables])
