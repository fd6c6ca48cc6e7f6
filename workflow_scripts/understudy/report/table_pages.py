"""Tables of the study as pages for people: rounded, in percent, each interval beside its value."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from understudy.files import read_json
from understudy.plots import pages
from understudy.plots.generator_pages import GENERATOR_PAGES
from understudy.plots.loading import in_study_order
from understudy.plots.practice_pages import PRACTICE_PAGES
from understudy.plots.protocol_pages import PROTOCOL_PAGES
from understudy.plots.ranking_pages import RANKING_PAGES
from understudy.plots.selection_pages import SELECTION_PAGES
from understudy.tables import read_table

PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    **SELECTION_PAGES,
    **PROTOCOL_PAGES,
    **PRACTICE_PAGES,
}


def write_table_page(
    name: str,
    table: str | Path,
    splits: Sequence[str],
    generators: Sequence[str],
    output: str | Path,
    note: str = "",
    classes: str | Path | None = None,
) -> None:
    """Read the table called ``name`` and write its page; orders as in the configuration.

    ``note`` stands on the pages of the ranking study: which real images judge. ``classes`` is the file with the names
    of the classes, for pages of the generators.
    """
    rows = in_study_order(read_table(table, name), splits, generators)
    if name in GENERATOR_PAGES:
        text = GENERATOR_PAGES[name](rows, read_json(classes)["classes"])
    elif name in RANKING_PAGES:
        text = RANKING_PAGES[name](rows, note)
    else:
        text = PAGES[name](rows)
    pages.write_page(text, output)
