"""Pages show names as they are, whatever their characters, and take none for markup."""

import pandas as pd
import pytest

from tests.plots import made_up, made_up_practice
from tests.plots.test_any_name import NAMES
from understudy.jobs.pages import PAGES, RANKING_PAGES
from understudy.report.class_errors import CLASS_PAGES
from understudy.report.columns import tabulate, text
from understudy.report.generators import generator_quality_page
from understudy.report.pages import Page, Section
from understudy.report.recommendation import recommendation_page
from understudy.schemas import SCHEMAS
from understudy.text import printable

NAME = "<script>a</script>\"'&{{ 7 * 6 }}$x$ %s 😀ש"
NAMELESS = ("practice_guidance", "practice_omega")
"""Pages that show no name."""
ESCAPED = "&lt;script&gt;a&lt;/script&gt;&#34;&#39;&amp;{{ 7 * 6 }}$x$ %s 😀ש"


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the name in place of every split, generator, architecture, arm and model."""
    names = {"split": NAME, "generator": NAME, "architecture": NAME, "arm": NAME, "model": NAME, "set": NAME}
    return table.assign(**{column: name for column, name in names.items() if column in table})


@pytest.mark.parametrize("page", [*PAGES, *RANKING_PAGES])
def test_every_page_escapes_any_name(page):
    if page in RANKING_PAGES:
        html = RANKING_PAGES[page](renamed(made_up.ranking_tables()[page]), NAME).html()
    elif page in CLASS_PAGES:
        rows = made_up.class_tables()[page].drop_duplicates(["class"] if page == "class_errors" else ["draw"])
        html = PAGES[page](renamed(rows)).html()
    else:
        tables = made_up_practice if page.startswith("practice") else made_up
        html = PAGES[page](renamed(getattr(tables, page)())).html()
    assert "<script>" not in html and "</script>" not in html
    assert ESCAPED in html or page in NAMELESS


def test_classes_and_the_first_page_are_escaped_too():
    assert ESCAPED in generator_quality_page(made_up.generator_quality(), [NAME] * 10).html()
    tables = ("protocol_comparison", "protocol_differences", "rank_preservation", "selection_gain", "generator_quality")
    frames = {name: getattr(made_up, name)() for name in tables}
    html = recommendation_page(NAME, frames, made_up.SYNTHETIC_SETS, 3).html()
    assert ESCAPED in html and "<script>" not in html


@pytest.mark.parametrize("name", NAMES, ids=lambda name: printable(name)[:20])
def test_any_name_is_written_as_utf8(name):
    page = Page(name, [Section(name, texts=[name], table=tabulate([{"a": name}], [text(name, "a")]))])
    html = page.html().encode().decode()
    assert (
        html.count(
            printable(name, kept="\n")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("'", "&#39;")
            .replace('"', "&#34;")
        )
        == 6
    )
    assert "model_ranking" in SCHEMAS
