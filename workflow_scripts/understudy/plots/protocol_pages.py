"""Pages of the tables that compare protocols."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from understudy.plots import pages
from understudy.plots.loading import in_order, over_draws, with_columns
from understudy.plots.placed_tables import PLACE, place, placed_table, without_test
from understudy.selection.subsets import PERCENTILES


def protocol_comparison_page(table: pd.DataFrame) -> str:
    """Return the page of ``protocol_comparison``: all candidates together first, then each family."""
    columns = ["test_error", "ci_low", "ci_high", "architecture_error", "regret", "regret_ci_low", "regret_ci_high"]
    table = with_columns(table, columns)
    text = (
        "What each protocol chooses and how it does on test images, with 95 % intervals over images and runs. Random "
        "and standard choose an architecture and are scored by the mean of its runs; synthetic and validation choose "
        "one snapshot. Regret: how much worse it is than the best of its kind, in percentage points."
    )
    parts = [pages.paragraph(text), *without_test(table, "test_error")]
    parts += [pages.heading("Test errors in short"), _errors_by_protocol(over_draws(table))]
    head = ["selected", "runs", "choosing error (%)", "test error (%)", "mean of its architecture (%)"]
    parts += _by_family(table, [*head, "regret (points)", ""], _comparison)
    return pages.page("The protocols compared", parts)


def _comparison(row: NamedTuple) -> list[str]:
    return [
        row.selected,
        str(row.candidates),
        pages.percent(row.choosing_error),
        pages.interval(row.test_error, row.ci_low, row.ci_high, scale=100),
        pages.percent(row.architecture_error),
        pages.interval(row.regret, row.regret_ci_low, row.regret_ci_high, scale=100),
        row.reason,
    ]


def _errors_by_protocol(table: pd.DataFrame) -> str:
    """Return table 2 of Synthetic Data for Model Selection, with the validation alternative beside it."""
    rows = []
    for (family, split), group in table.groupby(["family", "split"], sort=False):
        cells = []
        for protocol in ("synthetic", "standard", "random", "validation"):
            mine = group[group["protocol"] == protocol]
            cells.append(
                "\n".join(
                    pages.interval(row.test_error, row.ci_low, row.ci_high, scale=100)
                    + (f" {row.generator}" if protocol == "synthetic" else "")
                    for row in mine.itertuples()
                )
                or pages.MISSING
            )
        rows.append([family, split, *cells])
    head = ["candidates", "split", "synthetic (%)", "standard (%)", "random: all models (%)", "validation (%)"]
    return pages.table(head, rows)


def protocol_differences_page(table: pd.DataFrame) -> str:
    """Return the page of ``protocol_differences``: all candidates together first, then each family."""
    text = (
        "By how many percentage points of test error each protocol's choice is better than a plainer one's; positive "
        "differences are wins. The interval (95 %) is over images, on which both are measured, and over runs: what the "
        "protocols would have chosen with others. An interval that covers 0 leaves it open which is better."
    )
    tables = _by_family(table, ["against", "better by (points)", ""], _difference)
    return pages.page("How much better each protocol's choice is", [pages.paragraph(text), *tables])


def _difference(row: NamedTuple) -> list[str]:
    return [row.against, pages.interval(row.difference, row.ci_low, row.ci_high, scale=100), row.reason]


def protocol_subsets_page(table: pd.DataFrame) -> str:
    """Return the page of ``protocol_subsets``: all candidates together first, then each family."""
    text = (
        "One choice among one lot of candidates is one sample. Here each protocol chooses among random halves of the "
        "candidates, half the architectures and half the seeds of each, and is compared with a plainer one. Positive "
        "differences, in percentage points of test error, are wins; the interval (95 %) is that of the mean, over "
        "images and runs, and the percentiles show how much a single choice may differ."
    )
    head = ["against", "halves", "wins (%)", "ties (%)", "mean difference (points)"]
    tables = _by_family(table, [*head, "5th, 25th, 50th, 75th, 95th percentile"], _over_subsets)
    return pages.page("How often each protocol wins", [pages.paragraph(text), *tables])


def _over_subsets(row: NamedTuple) -> list[str]:
    return [
        row.against,
        f"{row.subsets:,} of {row.runs} runs",
        pages.percent(row.win_share, 1),
        pages.percent(row.tie_share, 1),
        pages.interval(row.mean_difference, row.ci_low, row.ci_high, scale=100),
        ", ".join(pages.percent(getattr(row, name)) for name in PERCENTILES),
    ]


def _by_family(table: pd.DataFrame, head: Sequence[str], cells: Callable[[NamedTuple], Sequence[str]]) -> Iterator[str]:
    """Yield a table of all candidates together, then one of each family; ``cells`` follow place and protocol."""
    for family in in_order(table["family"], ["all", "standard", "rwnn"]):
        mine = table[table["family"] == family]
        yield pages.heading("All candidates" if family == "all" else f"The {family} family")
        rows = [[*place(row), _protocol(row), *cells(row)] for row in mine.itertuples()]
        yield placed_table(mine, [*PLACE, "protocol", *head], rows)


def _protocol(row: NamedTuple) -> str:
    return f"{row.protocol} ({row.generator})" if row.protocol == "synthetic" else row.protocol


PROTOCOL_PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    "protocol_comparison": protocol_comparison_page,
    "protocol_differences": protocol_differences_page,
    "protocol_subsets": protocol_subsets_page,
}
