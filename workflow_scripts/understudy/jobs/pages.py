"""Jobs of the report's pages: read tables, write a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.files import read_json, writing
from understudy.plots.frames import in_study_order
from understudy.report.class_errors import CLASS_PAGES
from understudy.report.generators import generator_quality_page
from understudy.report.pages import Page
from understudy.report.practice import PRACTICE_PAGES
from understudy.report.protocols import PROTOCOL_PAGES
from understudy.report.ranking import RANKING_PAGES
from understudy.report.recommendation import recommendation_page
from understudy.report.selection import SELECTION_PAGES
from understudy.tables import read_table
from understudy.text import printable

PAGES = SELECTION_PAGES | PROTOCOL_PAGES | CLASS_PAGES | PRACTICE_PAGES
"""The pages that need nothing but their table."""


def write_recommendation(
    study: str,
    tables: Mapping[str, Path],
    synthetic_sets: Mapping[str, str],
    generators: Sequence[str],
    seeds: int,
    output: Path,
) -> None:
    """Write the report's first page from the tables that :func:`recommendation_page` names.

    ``synthetic_sets`` gives the generator whose set the synthetic protocol uses, by split; ``seeds`` is their number
    for an architecture.
    """
    splits = list(synthetic_sets)
    frames = {name: in_study_order(read_table(path, name), splits, generators) for name, path in tables.items()}
    _write(recommendation_page(study, frames, synthetic_sets, seeds), output)


def write_table_page(
    name: str,
    table: Path,
    classes: Path | None,
    splits: Sequence[str],
    generators: Sequence[str],
    note: str,
    output: Path,
) -> None:
    """Write the page of the table called ``name``; orders as in the configuration.

    ``classes`` is the file with the names of the classes, for pages of the generators. ``note`` stands on the pages of
    the ranking study: which real images judge.
    """
    rows = in_study_order(read_table(table, name), splits, generators)
    if name == "generator_quality":
        page = generator_quality_page(rows, [printable(name) for name in read_json(classes)["classes"]])
    elif name in RANKING_PAGES:
        page = RANKING_PAGES[name](rows, note)
    else:
        page = PAGES[name](rows)
    _write(page, output)


def _write(page: Page, output: Path) -> None:
    """Write a page, whole or not at all."""
    with writing(output) as temporary:
        temporary.write_text(page.html(), encoding="utf-8")
