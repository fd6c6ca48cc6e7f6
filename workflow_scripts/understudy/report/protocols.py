"""Pages of the tables that compare protocols."""

from collections.abc import Iterator

import pandas as pd

from understudy.plots.frames import in_order, over_draws
from understudy.plots.style import FAMILIES, PROTOCOLS
from understudy.report import columns, formats
from understudy.report.pages import Page, Section
from understudy.report.table_page import TablePage
from understudy.selection.subsets import PERCENTILES


def by_family(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Divide a table: all candidates together, then those of each family."""
    for family in in_order(table["family"], list(FAMILIES)):
        title = "All candidates" if family == "all" else f"The {family} family"
        yield title, table[table["family"] == family]


def _protocol(row: columns.Row) -> str:
    return f"{row['protocol']} ({row['generator']})" if row["protocol"] == "synthetic" else row["protocol"]


def _percentiles(row: columns.Row) -> str:
    return ", ".join(formats.percent(row[name]) for name in PERCENTILES)


COMPARED = [*columns.SOURCE, columns.Column("protocol", _protocol)]
COMPARISON = TablePage(
    "The protocols compared",
    "What each protocol chooses and how it does on test images, with 95 % intervals over images and runs. Random "
    "and standard choose an architecture and are scored by the mean of its runs; synthetic and validation choose "
    "one snapshot. Regret: how much worse it is than the best of its kind, in percentage points.",
    [
        *COMPARED,
        columns.text("selected", "selected"),
        columns.text("runs", "candidates"),
        columns.percent("error on the selection set (%)", "choosing_error"),
        columns.percent_interval("test error (%)", "test_error"),
        columns.percent("mean of its architecture (%)", "architecture_error"),
        columns.percent_interval("regret (points)", "regret", "regret_ci"),
        columns.REASON,
    ],
    tested="test_error",
    parts=by_family,
)


def _test_errors(protocol: str) -> columns.Column:
    """Show the test errors of a protocol, a line for each set where several sets choose."""

    def cell(row: columns.Row) -> str:
        choices = [choice for choice in row["choices"] if choice["protocol"] == protocol]
        errors = [columns.value_interval(choice, "test_error") for choice in choices]
        if protocol == "synthetic":
            errors = [f"{error} {choice['generator']}" for error, choice in zip(errors, choices, strict=True)]
        return "\n".join(errors) or formats.MISSING

    return columns.Column(f"{protocol} (%)", cell)


TEST_ERRORS = [columns.text("candidates", "family"), columns.text("split", "split"), *map(_test_errors, PROTOCOLS)]


def protocol_comparison_page(table: pd.DataFrame) -> Page:
    """Return the page of ``protocol_comparison``: all candidates together first, then each family.

    The first table is table 2 of Synthetic Data for Model Selection, with the validation alternative beside it.
    """
    groups = over_draws(table).groupby(["family", "split"], sort=False)
    errors = [
        {"family": family, "split": split, "choices": rows.to_dict("records")} for (family, split), rows in groups
    ]
    in_short = Section("Test errors in short", table=columns.tabulate(errors, TEST_ERRORS))
    head, *families = COMPARISON(table).sections
    return Page(COMPARISON.title, [head, in_short, *families])


protocol_differences_page = TablePage(
    "How much better each protocol's choice is",
    "By how many percentage points of test error each protocol's choice is better than a plainer one's; positive "
    "differences are wins. The interval (95 %) is over images, on which both are measured, and over runs: what the "
    "protocols would have chosen with others. An interval that covers 0 leaves it open which is better.",
    [
        *COMPARED,
        columns.text("against", "against"),
        columns.percent_interval("better by (points)", "difference"),
        columns.REASON,
    ],
    parts=by_family,
)
protocol_subsets_page = TablePage(
    "How often each protocol wins",
    "One choice among one lot of candidates is one sample. Here each protocol chooses among random halves of the "
    "candidates, half the architectures and half the seeds of each, and is compared with a plainer one. Positive "
    "differences, in percentage points of test error, are wins; the interval (95 %) is that of the mean, over "
    "images and runs, and the percentiles show how much a single choice may differ.",
    [
        *COMPARED,
        columns.text("against", "against"),
        columns.Column("halves", lambda row: f"{row['subsets']:,} of {row['runs']} runs"),
        columns.percent("wins (%)", "win_share", 1),
        columns.percent("ties (%)", "tie_share", 1),
        columns.percent_interval("mean difference (points)", "mean_difference"),
        columns.Column("5th, 25th, 50th, 75th, 95th percentile", _percentiles),
    ],
    parts=by_family,
)


PROTOCOL_PAGES = {
    "protocol_comparison": protocol_comparison_page,
    "protocol_differences": protocol_differences_page,
    "protocol_subsets": protocol_subsets_page,
}
