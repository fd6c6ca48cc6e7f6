"""Pages of the practice study's tables."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from understudy.plots import pages
from understudy.plots.rows import with_columns
from understudy.practice.tables import mean_interval


def practice_summary_page(table: pd.DataFrame) -> str:
    """Return the page of ``practice_summary``: the ends of the loop first, then its branches, then the sweep."""
    table = with_columns(table, ["test_accuracy", "ci_low", "ci_high", "gain", "gain_ci_low", "gain_ci_high"])
    last = table.groupby("arm")["branch"].transform("max") == table["branch"]
    scaling = table["experiment"] == "scaling"
    text = (
        "Accuracies in percent with 95 % intervals over seeds. Gain: percentage points of test accuracy over static "
        "training on as many images with the same seed, between the study's static sets; positive is better. Seconds "
        "of generator and learner together: processor time on a CPU, wall time on a GPU."
    )
    parts = [pages.paragraph(text)]
    for title, rows in (
        ("At the end", table[scaling & last]),
        ("Branches: additions stopped, then cooled down", table[scaling & ~last]),
        ("One addition at a fixed iteration", table[~scaling]),
    ):
        if len(rows):
            parts += [pages.heading(title), _practice_rows(rows)]
    return pages.page("Practice against its baselines", parts)


def _practice_rows(table: pd.DataFrame) -> str:
    rows = [
        [
            row.arm,
            str(row.branch),
            str(row.seeds),
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
    head = ["arm", "additions", "seeds", "images made", "trained on", "seconds", "validation", "test accuracy (%)"]
    return pages.table([*head, "gain (points)", ""], rows)


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
    "practice_equal_accuracy": practice_equal_accuracy_page,
    "practice_guidance": practice_guidance_page,
}
