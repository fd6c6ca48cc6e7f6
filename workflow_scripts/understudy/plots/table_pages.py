"""Tables of the study as pages for people: rounded, in percent, each interval beside its value."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from understudy.plots import pages, style
from understudy.plots.placed_tables import PLACE, place, placed_table
from understudy.plots.practice_pages import PRACTICE_PAGES
from understudy.plots.ranking_pages import RANKING_PAGES
from understudy.plots.rows import in_order, over_draws, plural, with_columns
from understudy.selection.subsets import PERCENTILES
from understudy.tables import read_table

BY_METHOD = {"baseline": "baseline", "es": "ES", "rss": "RSS", "es_rss": "ES + RSS", "oracle": "oracle"}
NO_TEST = "This study has no test images, so the columns that need them are empty."


def write_table_page(
    name: str, table: str | Path, splits: Sequence[str], generators: Sequence[str], output: str | Path, note: str = ""
) -> None:
    """Read the table called ``name`` and write its page; orders as in the configuration.

    ``note`` stands on the pages of the ranking study: which real images judge.
    """
    rows = in_study_order(read_table(table, name), splits, generators)
    pages.write_page(RANKING_PAGES[name](rows, note) if name in RANKING_PAGES else PAGES[name](rows), output)


def in_study_order(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> pd.DataFrame:
    """Sort rows by draw (aggregates first), split and choosing set, in the configuration's order, if it has draws."""
    table = table.reset_index(drop=True)
    if "draw" not in table:
        return table
    order = {"split": list(splits), "generator": ["", *generators, "validation"]}
    ranks = {column: table[column].map(values.index) for column, values in order.items() if column in table}
    keys = table[["draw"]].assign(**ranks)
    return table.loc[keys.sort_values(list(keys.columns), kind="stable").index].reset_index(drop=True)


def generator_quality_page(table: pd.DataFrame) -> str:
    """Return the page of ``generator_quality``: over all classes, and the Frechet distance by class."""
    whole = table[table["label"] == "all"]
    rows = [
        [
            *place(row),
            row.generator,
            f"{row.images:,}",
            pages.number(row.fid),
            pages.number(row.fid_equal_n),
            pages.interval(
                row.total_variation, row.total_variation_ci_low, row.total_variation_ci_high, scale=100, digits=1
            ),
            pages.percent(row.total_variation_null, 1),
            pages.percent(row.total_variation_train, 1),
            pages.percent(row.nearest_train_excess, 1),
            pages.percent(row.nearest_train_excess_null, 1),
        ]
        for row in whole.itertuples()
    ]
    head = [*PLACE, "generator", "images", "Frechet distance to train", "to equally many for all splits"]
    head += ["total variation to held-out (%)", "real against real (%)", "to train (%)"]
    head += ["nearer to train: excess (points)", "of real images (points)"]
    extractor = ", ".join(sorted(table["feature_extractor"].unique()))
    return pages.page(
        "Quality of the generators",
        [
            pages.paragraph(
                f"Fresh synthetic images, which selected no snapshot. Features: {extractor}. Frechet distances of "
                "other features or of references of other sizes don't compare with these. Brackets: 95 % of the "
                "repeats. A total variation counts only as far as it exceeds that of real images against real ones."
            ),
            placed_table(whole, head, rows),
            pages.heading("Frechet distance to train, by class"),
            _by_class(table),
        ],
    )


def _by_class(table: pd.DataFrame) -> str:
    """Return a row for each generator and a column for each class, ten classes a table: more are wider than a page."""
    labels = sorted(set(table["label"]) - {"all"}, key=lambda label: (len(label), label))
    parts = []
    for start in range(0, len(labels), 10):
        shown = [*labels[start : start + 10], "all"]
        of_label = table.set_index([*PLACE, "generator", "label"])["fid"].unstack("label").reindex(columns=shown)
        places = table[[*PLACE, "generator"]].drop_duplicates()
        rows = [
            [*place(row), row.generator, *(pages.number(fid, 1) for fid in of_label.loc[tuple(row)])]
            for row in places.itertuples(index=False)
        ]
        parts.append(placed_table(table, [*PLACE, "generator", *shown], rows))
    return "".join(parts)


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
        [pages.paragraph(text), *_no_test(table), placed_table(table, [*head, ""], rows)],
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
            *_no_test(table, "gain"),
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


def protocol_comparison_page(table: pd.DataFrame) -> str:
    """Return the page of ``protocol_comparison``: all candidates together first, then each family."""
    columns = ["test_error", "ci_low", "ci_high", "architecture_error", "regret", "regret_ci_low", "regret_ci_high"]
    table = with_columns(table, columns)
    text = (
        "What each protocol chooses and how it does on test images, with 95 % intervals over images and runs. Random "
        "and standard choose an architecture and are scored by the mean of its runs; synthetic and validation choose "
        "one snapshot. Regret: how much worse it is than the best of its kind, in percentage points."
    )
    parts = [pages.paragraph(text), *_no_test(table, "test_error")]
    parts += [pages.heading("Test errors in short"), _errors_by_protocol(over_draws(table))]
    for family in in_order(table["family"], ["all", "standard", "rwnn"]):
        mine = table[table["family"] == family]
        parts.append(pages.heading("All candidates" if family == "all" else f"The {family} family"))
        rows = [
            [
                *place(row),
                _protocol(row),
                row.selected,
                str(row.candidates),
                pages.percent(row.choosing_error),
                pages.interval(row.test_error, row.ci_low, row.ci_high, scale=100),
                pages.percent(row.architecture_error),
                pages.interval(row.regret, row.regret_ci_low, row.regret_ci_high, scale=100),
                row.reason,
            ]
            for row in mine.itertuples()
        ]
        head = [*PLACE, "protocol", "selected", "runs", "choosing error (%)", "test error (%)"]
        parts.append(placed_table(mine, [*head, "mean of its architecture (%)", "regret (points)", ""], rows))
    return pages.page("The protocols compared", parts)


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
    parts = [pages.paragraph(text)]
    for family in in_order(table["family"], ["all", "standard", "rwnn"]):
        mine = table[table["family"] == family]
        parts.append(pages.heading("All candidates" if family == "all" else f"The {family} family"))
        rows = [
            [
                *place(row),
                _protocol(row),
                row.against,
                pages.interval(row.difference, row.ci_low, row.ci_high, scale=100),
                row.reason,
            ]
            for row in mine.itertuples()
        ]
        parts.append(placed_table(mine, [*PLACE, "protocol", "against", "better by (points)", ""], rows))
    return pages.page("How much better each protocol's choice is", parts)


def _protocol(row: NamedTuple) -> str:
    return f"{row.protocol} ({row.generator})" if row.protocol == "synthetic" else row.protocol


def protocol_subsets_page(table: pd.DataFrame) -> str:
    """Return the page of ``protocol_subsets``: all candidates together first, then each family."""
    text = (
        "One choice among one lot of candidates is one sample. Here each protocol chooses among random halves of the "
        "candidates, half the architectures and half the seeds of each, and is compared with a plainer one. Positive "
        "differences, in percentage points of test error, are wins; the interval (95 %) is that of the mean, over "
        "images and runs, and the percentiles show how much a single choice may differ."
    )
    parts = [pages.paragraph(text)]
    for family in in_order(table["family"], ["all", "standard", "rwnn"]):
        mine = table[table["family"] == family]
        parts.append(pages.heading("All candidates" if family == "all" else f"The {family} family"))
        rows = [
            [
                *place(row),
                _protocol(row),
                row.against,
                f"{row.subsets:,} of {row.runs} runs",
                pages.percent(row.win_share, 1),
                pages.percent(row.tie_share, 1),
                pages.interval(row.mean_difference, row.ci_low, row.ci_high, scale=100),
                ", ".join(pages.percent(getattr(row, name)) for name in PERCENTILES),
            ]
            for row in mine.itertuples()
        ]
        head = [*PLACE, "protocol", "against", "halves", "wins (%)", "ties (%)", "mean difference (points)"]
        parts.append(placed_table(mine, [*head, "5th, 25th, 50th, 75th, 95th percentile"], rows))
    return pages.page("How often each protocol wins", parts)


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
        *_no_test(table, "agree_share"),
        placed_table(table, head, rows),
    ]
    return pages.page("Certified orders of pairs", parts)


def _no_test(table: pd.DataFrame, column: str = "spearman") -> list[str]:
    """Return the sentence that says so where no row has test figures, or how many don't."""
    missing = int(table[column].isna().sum())
    if missing == 0:
        return []
    some = (
        f"{plural(missing, 'row')} of {len(table):,} can't be compared with test images; the reason stands beside each."
    )
    return [pages.paragraph(NO_TEST if missing == len(table) else some, "note")]


PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    "generator_quality": generator_quality_page,
    "rank_preservation": rank_preservation_page,
    "selection_gain": selection_gain_page,
    "protocol_comparison": protocol_comparison_page,
    "protocol_differences": protocol_differences_page,
    "protocol_subsets": protocol_subsets_page,
    "certificate_summary": certificate_summary_page,
    **PRACTICE_PAGES,
}
