"""Pages of the tables on what synthetic sets select: ranks, gains within an architecture, certified orders."""

import pandas as pd

from understudy.plots.frames import over_draws
from understudy.plots.style import SELECTION_METHODS
from understudy.report import columns, formats
from understudy.report.pages import Page, Section
from understudy.report.table_page import TablePage

rank_preservation_page = TablePage(
    "Does a set rank models as test images do?",
    "Rank correlation of the errors on a set with those on test images. The interval (95 %) is for the correlation "
    "of true errors over models like these: it allows for the sampling of images and models, and corrects the "
    "sampling error of the images, which lowers the measured correlation. Chosen by validation: subtrain runs "
    "ranked by the validation part.",
    [
        *columns.SOURCE,
        columns.text("chosen by", "generator"),
        columns.text("family", "family"),
        columns.text("over", "level"),
        columns.text("models", "models"),
        columns.number("Spearman", "spearman"),
        columns.number("Kendall", "kendall"),
        columns.interval("Spearman of true errors", "spearman_true"),
        columns.REASON,
    ],
    tested="spearman",
)


def _gain(row: columns.Row) -> str:
    """Write a gain and, on a line of its own, what the selection set claimed."""
    claimed = "" if columns.missing(row, "apparent_gain") else f"\nclaimed {formats.percent(row['apparent_gain'])}"
    return columns.value_interval(row, "gain") + claimed


TEST_ERRORS = [
    columns.text("split", "split"),
    columns.text("chosen by", "generator"),
    columns.text("family", "family"),
    *(
        columns.of_part(method, columns.percent_interval(look.short, "test_error", "error_ci"))
        for method, look in SELECTION_METHODS.items()
    ),
]
GAINS = [
    columns.SOURCE[0],
    # Two names in a cell, as the gains have two lines anyway: side by side the table would be wider than a page.
    columns.Column("split, chosen by", lambda row: f"{row['split']}\n{row['generator']}"),
    columns.Column("family, architecture", lambda row: f"{row['family']}\n{row['architecture']}"),
    columns.text("runs", "runs"),
    columns.of_part("baseline", columns.percent_interval("baseline test error (%)", "test_error", "error_ci")),
    *(
        columns.of_part(method, columns.Column(look.label, _gain))
        for method, look in SELECTION_METHODS.items()
        if method != "baseline"
    ),
]


def selection_gain_page(table: pd.DataFrame) -> Page:
    """Return the page of ``selection_gain``: the families' means first, then the architectures.

    The first table is table 1 of Synthetic Data for Model Selection, for each selection set, the oracle beside it.
    """
    means = table["architecture"] == "all"
    explanation = (
        "Gain in percentage points of test error over the mean run at its last epoch, which is the baseline, with 95 % "
        "intervals; below it what the selection set claimed. ES: each run's best epoch. RSS: the best run at its last "
        "epoch. ES + RSS: the best run at its best epoch. Oracle: chosen on one half of the test images, measured on "
        "the other; no selector can be expected to do better."
    )
    in_short = (
        "Mean test error over the architectures of a family (%), 95 % intervals over images, runs and architectures."
    )
    errors = columns.beside(over_draws(table[means]), ["split", "generator", "family"], "method")
    keys = ["draw", "split", "generator", "family", "architecture"]
    family_gains = columns.beside(table[means], keys, "method")
    architecture_gains = columns.beside(over_draws(table[~means]), keys, "method")
    return Page(
        "What choosing epoch and seed gains",
        [
            Section(texts=[explanation, *columns.metric_words(table), *columns.untested(table, "gain")]),
            Section("Test errors in short", texts=[in_short], table=columns.tabulate(errors, TEST_ERRORS)),
            Section("Means over the architectures of a family", table=columns.tabulate(family_gains, GAINS)),
            Section("Each architecture", table=columns.tabulate(architecture_gains, GAINS)),
        ],
    )


def _with_share(title: str, name: str) -> columns.Column:
    """Show a number of pairs and, in brackets, its fraction of all pairs, which the column ``{name}_share`` has."""
    number, share = columns.count("", name), columns.percent("", f"{name}_share", 1)
    return columns.Column(title, lambda row: f"{number.cell(row)} ({share.cell(row)} %)")


certificate_summary_page = TablePage(
    "Certified orders of pairs",
    "The order of a pair of models is certified where their errors on synthetic images differ by more than twice "
    "the total variation between synthetic and real images (corollary 3.3), sampling error allowed for. The total "
    "variation is an estimate: binning makes it smaller, so a certificate holds up to the binning; small samples "
    "make it larger, so on small sets hardly any pair can reach its bound, however good the generator. It also "
    "takes the generator's labels for true.\n"
    "Only images on which exactly one of the two models errs matter (theorem 3.2): the total variation over that "
    "region is far smaller, and differs from pair to pair (the mean is given). It needs the labels of the test "
    "images, so it says how much of the gap between the general bound and what happened is due to images that tell "
    "no models apart; one who has no test images can't have it, and on these test images it can't be violated.",
    [
        *columns.SOURCE,
        columns.text("generator", "generator"),
        columns.text("family", "family"),
        columns.count("pairs", "pairs"),
        columns.percent("bound (points)", "total_variation_bound", 1),
        _with_share("certified", "certified"),
        columns.count("reversed on test", "violated"),
        columns.percent("bound, region of disagreement (points)", "restricted_bound", 1),
        _with_share("certified by it", "restricted_certified"),
        columns.percent("same order on test (%)", "agree_share", 1),
        columns.REASON,
    ],
    tested="agree_share",
)


SELECTION_PAGES = {
    "rank_preservation": rank_preservation_page,
    "selection_gain": selection_gain_page,
    "certificate_summary": certificate_summary_page,
}
