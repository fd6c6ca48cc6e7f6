"""Tables of the study as pages for people: rounded, in percent, each interval beside its value."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from understudy.plots import pages
from understudy.plots.generator_pages import GENERATOR_PAGES
from understudy.plots.practice_pages import PRACTICE_PAGES
from understudy.plots.protocol_pages import PROTOCOL_PAGES
from understudy.plots.ranking_pages import RANKING_PAGES
from understudy.plots.rows import in_study_order
from understudy.plots.selection_pages import SELECTION_PAGES
from understudy.tables import read_table

PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    **GENERATOR_PAGES,
    **SELECTION_PAGES,
    **PROTOCOL_PAGES,
    **PRACTICE_PAGES,
}


def write_table_page(
    name: str, table: str | Path, splits: Sequence[str], generators: Sequence[str], output: str | Path, note: str = ""
) -> None:
    """Read the table called ``name`` and write its page; orders as in the configuration.

    ``note`` stands on the pages of the ranking study: which real images judge.
    """
    rows = in_study_order(read_table(table, name), splits, generators)
    pages.write_page(RANKING_PAGES[name](rows, note) if name in RANKING_PAGES else PAGES[name](rows), output)
