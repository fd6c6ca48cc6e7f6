"""Pages of the tables on what synthetic sets select: ranks, gains within an architecture, certified orders."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from understudy.plots import pages, style
from understudy.plots.loading import over_draws, with_columns
from understudy.plots.placed_tables import PLACE, place, placed_table, without_test

BY_METHOD = {"baseline": "baseline", "es": "ES", "rss": "RSS", "es_rss": "ES + RSS", "oracle": "oracle"}


def rank_preservation_page(table: pd.DataFrame) -> str:
    """Return the page of ``rank_preservation``."""
    table = with_columns(table, ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"])
    rows = [
        [
            *place(row),
            row.generator,
            row.family,
            row.level,
            str(row.models),
            pages.number(row.spearman),
            pages.number(row.kendall),
            pages.interval(row.spearman_true, row.ci_low, row.ci_high),
            row.reason,
        ]
        for row in table.itertuples()
    ]
    head = [*PLACE, "chosen by", "family", "over", "models", "Spearman", "Kendall", "Spearman of true errors"]
    text = (
        "Rank correlation of the errors on a set with those on test images. The interval (95 %) is for the correlation "
        "of true errors over models like these: images and models vary, and image noise, which lowers the measured "
        "correlation, is corrected. Chosen by validation: subtrain runs ranked by the validation part."
    )
    return pages.page(
        "Does a set rank models as test images do?",
        [pages.paragraph(text), *without_test(table), placed_table(table, [*head, ""], rows)],
    )


def selection_gain_page(table: pd.DataFrame) -> str:
    """Return the page of ``selection_gain``: the families' means first, then the architectures."""
    table = with_columns(table, ["test_error", "error_ci_low", "error_ci_high", "gain", "ci_low", "ci_high"])
    means = table["architecture"] == "all"
    text = (
        "Gain in percentage points of test error over the mean run at its last epoch, which is the baseline, with 95 % "
        "intervals; below it what the choosing images claimed. ES: each run's best epoch. RSS: the best run at "
        "its last epoch. ES + RSS: the best run at its best epoch. Oracle: chosen on one half of the test images, "
        "measured on the other; no selector can be expected to do better."
    )
    return pages.page(
        "What choosing epoch and seed gains",
        [
            pages.paragraph(text),
            *without_test(table, "gain"),
            pages.heading("Test errors in short"),
            _errors_by_method(over_draws(table[means])),
            pages.heading("Means over the architectures of a family"),
            _gains(table[means]),
            pages.heading("Each architecture"),
            _gains(over_draws(table[~means])),
        ],
    )


def _errors_by_method(table: pd.DataFrame) -> str:
    """Return table 1 of Synthetic Data for Model Selection, for each choosing set, the oracle beside it."""
    rows = []
    for (split, generator, family), group in table.groupby(["split", "generator", "family"], sort=False):
        found = {row.method: row for row in group.itertuples()}
        errors = [
            pages.interval(row.test_error, row.error_ci_low, row.error_ci_high, scale=100) if row else pages.MISSING
            for row in map(found.get, BY_METHOD)
        ]
        rows.append([split, generator, family, *errors])
    text = "Mean test error over the architectures of a family (%), 95 % intervals over images, runs and architectures."
    return pages.paragraph(text) + pages.table(["split", "chosen by", "family", *BY_METHOD.values()], rows)


def _gains(table: pd.DataFrame) -> str:
    rows = []
    for _, group in table.groupby(["draw", "split", "generator", "family", "architecture"], sort=False):
        first = group.iloc[0]
        methods = {row.method: row for row in group.itertuples()}
        baseline = methods["baseline"]
        error = pages.interval(baseline.test_error, baseline.error_ci_low, baseline.error_ci_high, scale=100)
        # Two names in a cell, as the gains have two lines anyway: side by side the table would be wider than a page.
        draw, split = place(first)
        cells = [draw, f"{split}\n{first['generator']}", f"{first['family']}\n{first['architecture']}"]
        cells += [str(first["runs"]), error]
        for method in style.METHODS:
            row = methods.get(method)
            claimed = (
                "" if row is None or np.isnan(row.apparent_gain) else f"\nclaimed {pages.percent(row.apparent_gain)}"
            )
            gain = (
                pages.MISSING if row is None else pages.interval(row.gain, row.ci_low, row.ci_high, scale=100) + claimed
            )
            cells.append(gain)
        rows.append(cells)
    head = ["draw", "split, chosen by", "family, architecture", "runs", "baseline test error (%)"]
    return placed_table(table, [*head, *(label for label, _, _ in style.METHODS.values())], rows)


def certificate_summary_page(table: pd.DataFrame) -> str:
    """Return the page of ``certificate_summary``: how many pairs' orders are certified, and how many of them failed."""
    names = ["restricted_certified", "restricted_certified_share", "restricted_bound", "agree_share", "violated"]
    table = with_columns(table, names)
    rows = [
        [
            *place(row),
            row.generator,
            row.family,
            f"{row.pairs:,}",
            pages.percent(row.total_variation_bound, 1),
            f"{row.certified:,} ({pages.percent(row.certified_share, 1)} %)",
            pages.number(row.violated, 0),
            pages.percent(row.restricted_bound, 1),
            f"{pages.number(row.restricted_certified, 0)} ({pages.percent(row.restricted_certified_share, 1)} %)",
            pages.percent(row.agree_share, 1),
            row.reason,
        ]
        for row in table.itertuples()
    ]
    head = [*PLACE, "generator", "family", "pairs", "bound (points)", "certified", "reversed on test"]
    head += ["bound, region of disagreement (points)", "certified by it", "same order on test (%)", ""]
    text = (
        "The order of a pair of models is certified where their errors on synthetic images differ by more than twice "
        "the total variation between synthetic and real images (corollary 3.3), sampling error allowed for. The total "
        "variation is an estimate: binning makes it smaller, so a certificate holds up to the binning; small samples "
        "make it larger, so on small sets hardly any pair can reach its bound, however good the generator. It also "
        "takes the generator's labels for true."
    )
    region = (
        "Only images on which exactly one of the two models errs matter (theorem 3.2): the total variation over that "
        "region is far smaller, and differs from pair to pair (the mean is given). It needs the labels of the test "
        "images, so it says how much of the gap between the general bound and what happened is due to images that tell "
        "no models apart; one who has no test images can't have it, and on these test images it can't be violated."
    )
    parts = [
        pages.paragraph(text),
        pages.paragraph(region),
        *without_test(table, "agree_share"),
        placed_table(table, head, rows),
    ]
    return pages.page("Certified orders of pairs", parts)


SELECTION_PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    "rank_preservation": rank_preservation_page,
    "selection_gain": selection_gain_page,
    "certificate_summary": certificate_summary_page,
}
