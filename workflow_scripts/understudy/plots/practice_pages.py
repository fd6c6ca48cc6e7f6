"""Pages of the practice study's tables."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from understudy.plots import pages
from understudy.plots.loading import with_columns
from understudy.practice.intervals import mean_interval


def practice_summary_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_summary``: the ends of the loop first, then its branches, then the sweep."""
    table = with_columns(table, ["test_accuracy", "ci_low", "ci_high", "gain", "gain_ci_low", "gain_ci_high"])
    last = table.groupby("arm")["branch"].transform("max") == table["branch"]
    scaling, ablation = table["experiment"] == "scaling", table["experiment"] == "ablation"
    text = (
        "Accuracies in percent with 95 % intervals over seeds. Gain: percentage points of test accuracy over static "
        "training on as many images with the same seed, between the study's static sets; positive is better. Seconds "
        "of generator and learner together: processor time on a CPU, wall time on a GPU."
    )
    parts = [pages.paragraph(text)]
    for title, rows in (
        ("At the end", table[scaling & last]),
        ("Branches: additions stopped, then cooled down", table[scaling & ~last]),
        ("Practice with a setting changed", table[ablation]),
        ("One addition at a fixed iteration", table[~scaling & ~ablation]),
    ):
        if len(rows):
            parts += [pages.heading(title), _practice_rows(rows)]
    shifted = [column for column in table if column.startswith("shifted_")]
    if shifted:
        parts += [pages.heading("On shifted test sets, at the end"), _shifted_rows(table[scaling & last], shifted)]
    return pages.page("Practice against its baselines", parts)


def _practice_rows(table: pd.DataFrame) -> str:
    rows = [
        [
            row.arm,
            str(row.branch),
            str(row.seeds),
            f"{row.iterations:,.0f}",
            f"{row.images_generated:,.0f}",
            f"{row.images_trained:,.0f}",
            f"{row.seconds:,.0f}",
            pages.percent(row.validation_accuracy, 1),
            pages.interval(row.test_accuracy, row.ci_low, row.ci_high, scale=100),
            pages.interval(row.gain, row.gain_ci_low, row.gain_ci_high, scale=100),
            row.reason,
        ]
        for row in table.itertuples()
    ]
    head = ["arm", "additions", "seeds", "iterations", "images made", "trained on", "seconds", "validation (%)"]
    return pages.table([*head, "test accuracy (%)", "gain (points)", ""], rows)


def _shifted_rows(table: pd.DataFrame, shifted: list[str]) -> str:
    """Table 1 of the paper: accuracies in percent on test images and on each shifted set."""
    columns = ["test_accuracy", *shifted]
    rows = [[row["arm"], *(pages.percent(row[column], 1) for column in columns)] for _, row in table.iterrows()]
    names = [column.removeprefix("shifted_").replace("_", " ") for column in shifted]
    return pages.table(["arm", "test", *names], rows)


def practice_differences_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_differences``: each loop's end against the plainer methods."""
    table = with_columns(table, ["difference", "ci_low", "ci_high"])
    table = table[table.groupby("arm")["branch"].transform("max") == table["branch"]]
    text = (
        "Test accuracy less that of a plainer method, in percentage points: the mean of the differences seed by seed, "
        "with Student's 95 % interval. The other's accuracy is read off its curve at as many images, between its "
        "points; where no seed's curve reaches so far there is nothing to compare."
    )
    parts = [pages.paragraph(text)]
    for equal, title in (("images_trained", "images trained on"), ("images_generated", "images made")):
        rows = [
            [
                row.arm,
                row.against,
                str(row.seeds),
                _count(row.images),
                pages.percent(row.validation_difference, 1),
                pages.interval(row.difference, row.ci_low, row.ci_high, scale=100),
            ]
            for row in table[table["equal"] == equal].itertuples()
        ]
        head = ["arm", "against", "seeds", title, "validation (points)", "test (points)"]
        parts += [pages.heading(f"With as many {title}"), pages.table(head, rows)]
    return pages.page("Practice against plainer methods, seed by seed", parts)


def practice_omega_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_omega``."""
    text = (
        "The strength of the guidance by validation accuracy alone, at the end of runs that differ in nothing else: "
        "the best mean over seeds, of equal ones the smallest. No test image is read for it. A study's omega should "
        "be chosen by runs of other seeds than those that are then compared."
    )
    rows = [
        [
            "all" if row.draw < 0 else str(row.draw),
            f"{row.omega:g}",
            str(row.seeds),
            pages.interval(row.validation_accuracy, row.ci_low, row.ci_high, scale=100),
            "best" if row.chosen else "",
        ]
        for row in table.itertuples()
    ]
    head = ["draw", "ω", "seeds", "validation accuracy (%)", ""]
    return pages.page("The choice of ω", [pages.paragraph(text), pages.table(head, rows)])


def practice_equal_accuracy_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_equal_accuracy``: a part for each static set."""
    columns = ["target_accuracy", *("images_generated", "images_trained", "seconds", "seconds_ratio")]
    table = with_columns(table, [*columns, "ratio_ci_low", "ratio_ci_high", "reached"])
    text = (
        "What each method needs to reach the mean test accuracy of a static set, read off its mean curve over seeds. "
        "The ratio of seconds is to that static set; below 1 is cheaper. Its 95 % interval resamples seeds; its upper "
        "end is missing where the accuracy is not reached in more than 2.5 % of the draws. Reached: share of draws."
    )
    parts = [pages.paragraph(text)]
    for size, part in table.groupby("target_images"):
        parts.append(pages.heading(f"Static, {size:,} images: {pages.percent(part['target_accuracy'].iloc[0], 1)} %"))
        rows = [
            [
                row.arm,
                _count(row.images_generated),
                _count(row.images_trained),
                _count(row.seconds),
                pages.interval(row.seconds_ratio, row.ratio_ci_low, row.ratio_ci_high),
                pages.percent(row.reached, 0),
                row.reason,
            ]
            for row in part.itertuples()
        ]
        head = ["arm", "images made", "trained on", "seconds", "ratio of seconds", "reached (%)", ""]
        parts.append(pages.table(head, rows))
    return pages.page("Cost at equal accuracy", parts)


def _count(value: float) -> str:
    return pages.MISSING if np.isnan(value) else f"{value:,.0f}"


def practice_guidance_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_guidance``: each strength over seeds."""
    rows = []
    for omega, part in table.groupby("omega"):
        ends = mean_interval(part["entropy"].to_numpy())
        rows.append(
            [
                f"{omega:g}",
                str(len(part)),
                f"{part['images'].sum():,}",
                pages.interval(part["entropy"].mean(), *ends),
                pages.percent(part["label_agreement"].mean(), 1),
                pages.number(1000 * part["seconds_per_image"].mean(), 1),
                "; ".join(sorted(set(part["reason"]) - {""})),
            ]
        )
    text = (
        "Images made for one learner at several strengths of the guidance. Entropy: of the predictions of the learner "
        "that they were made for, in nats, with its 95 % interval over seeds. Labels confirmed: share whose class a "
        "learner trained on real images predicts."
    )
    head = ["ω", "seeds", "images", "entropy (nats)", "labels confirmed (%)", "milliseconds an image", ""]
    return pages.page("What guidance does to images", [pages.paragraph(text), pages.table(head, rows)])


PRACTICE_PAGES: dict[str, Callable[[pd.DataFrame], str]] = {
    "practice_summary": practice_summary_page,
    "practice_differences": practice_differences_page,
    "practice_omega": practice_omega_page,
    "practice_equal_accuracy": practice_equal_accuracy_page,
    "practice_guidance": practice_guidance_page,
}
