"""Pages of the practice study's tables."""

from collections.abc import Iterator
from math import nan

import numpy as np
import pandas as pd

from understudy.practice.intervals import mean_interval
from understudy.report import columns, formats
from understudy.report.pages import Page, Section
from understudy.report.table_page import TablePage

ARM, SEEDS = columns.text("arm", "arm"), columns.text("seeds", "seeds")
OMEGA = columns.Column("ω", lambda row: f"{row['omega']:g}")
SUMMARY = [
    ARM,
    columns.text("additions", "branch"),
    SEEDS,
    columns.count("iterations", "iterations"),
    columns.count("images made", "images_generated"),
    columns.count("trained on", "images_trained"),
    columns.count("seconds", "seconds"),
    columns.percent("validation (%)", "validation_accuracy", 1),
    columns.percent_interval("test accuracy (%)", "test_accuracy"),
    columns.percent_interval("gain (points)", "gain", "gain_ci"),
    columns.REASON,
]


def practice_summary_page(table: pd.DataFrame) -> Page:
    """Return the page of ``practice_summary``: the ends of the loop first, then its branches, then the sweep."""
    last = table.groupby("arm")["branch"].transform("max") == table["branch"]
    scaling, ablation = table["experiment"] == "scaling", table["experiment"] == "ablation"
    explanation = (
        "Accuracies in percent with 95 % intervals over seeds. Gain: percentage points of test accuracy over static "
        "training on as many images with the same seed, between the study's static sets; positive is better. Seconds "
        "of generator and learner together: processor time on a CPU, wall time on a GPU."
    )
    parts = {
        "At the end": table[scaling & last],
        "Branches: additions stopped, then cooled down": table[scaling & ~last],
        "Practice with a setting changed": table[ablation],
        "One addition at a fixed iteration": table[~scaling & ~ablation],
    }
    sections = [Section(title, table=columns.tabulate(rows, SUMMARY)) for title, rows in parts.items() if len(rows)]
    shifted = [column for column in table if column.startswith("shifted_")]
    if shifted:  # table 1 of the paper
        names = {"test_accuracy": "test"}
        names |= {column: column.removeprefix("shifted_").replace("_", " ") for column in shifted}
        shown = [ARM, *(columns.percent(title, column, 1) for column, title in names.items())]
        accuracies = columns.tabulate(parts["At the end"], shown)
        sections.append(Section("On shifted test sets, at the end", table=accuracies))
    return Page("Practice against its baselines", [Section(texts=[explanation]), *sections])


def _by_equal(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Divide the rows of each loop's end by what both had as many of."""
    ends = table[table.groupby("arm")["branch"].transform("max") == table["branch"]]
    for equal, name in (("images_trained", "images trained on"), ("images_generated", "images made")):
        yield f"With as many {name}", ends[ends["equal"] == equal]


practice_differences_page = TablePage(
    "Practice against plainer methods, seed by seed",
    "Test accuracy less that of a plainer method, in percentage points: the mean of the differences seed by seed, "
    "with Student's 95 % interval. The other's accuracy is read off its curve at as many images, between its "
    "points; where no seed's curve reaches so far there is nothing to compare.",
    [
        ARM,
        columns.text("against", "against"),
        SEEDS,
        columns.count("images", "images"),
        columns.percent("validation (points)", "validation_difference", 1),
        columns.percent_interval("test (points)", "difference"),
    ],
    parts=_by_equal,
)
practice_omega_page = TablePage(
    "The choice of ω",
    "The strength of the guidance by validation accuracy alone, at the end of runs that differ in nothing else: "
    "the best mean over seeds, of equal ones the smallest. No test image is read for it. A study's omega should "
    "be chosen by runs of other seeds than those that are then compared.",
    [
        columns.Column("draw", lambda row: "all" if row["draw"] < 0 else str(row["draw"])),
        OMEGA,
        SEEDS,
        columns.percent_interval("validation accuracy (%)", "validation_accuracy"),
        columns.Column("", lambda row: "best" if row["chosen"] else ""),
    ],
)


def _by_target(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Divide the rows by the static set whose accuracy is to be reached."""
    for size, rows in table.groupby("target_images"):
        accuracy = formats.percent(rows.get("target_accuracy", pd.Series([nan])).iloc[0], 1)
        yield f"Static, {size:,} images: {accuracy} %", rows


practice_equal_accuracy_page = TablePage(
    "Cost at equal accuracy",
    "What each method needs to reach the mean test accuracy of a static set, read off its mean curve over seeds. "
    "The ratio of seconds is to that static set; below 1 is cheaper. Its 95 % interval resamples seeds; its upper "
    "end is missing where the accuracy is not reached in more than 2.5 % of the resamples. Reached: in which "
    "fraction of the resamples.",
    [
        ARM,
        columns.count("images made", "images_generated"),
        columns.count("trained on", "images_trained"),
        columns.count("seconds", "seconds"),
        columns.interval("ratio of seconds", "seconds_ratio", "ratio_ci"),
        columns.percent("reached (%)", "reached", 0),
        columns.REASON,
    ],
    parts=_by_target,
)
GUIDANCE = [
    OMEGA,
    SEEDS,
    columns.count("images", "images"),
    columns.interval("entropy (nats)", "entropy"),
    columns.percent("labels confirmed (%)", "label_agreement", 1),
    columns.number("milliseconds an image", "milliseconds", 1),
    columns.REASON,
]


def practice_guidance_page(table: pd.DataFrame) -> Page:
    """Return the page of ``practice_guidance``: each strength over seeds."""
    strengths = table.assign(milliseconds=1000 * table["seconds_per_image"]).groupby("omega")
    rows = strengths[["entropy", "label_agreement", "milliseconds"]].mean()
    ends = [mean_interval(part["entropy"].to_numpy()) for _, part in strengths]
    rows["ci_low"], rows["ci_high"] = np.array(ends, float).reshape(-1, 2).T  # a study without a sweep has no strength
    rows["seeds"], rows["images"] = strengths.size(), strengths["images"].sum()
    rows["reason"] = strengths["reason"].agg(lambda reasons: "; ".join(sorted(set(reasons) - {""})))
    explanation = (
        "Images made for one learner at several strengths of the guidance. Entropy: of the predictions of the learner "
        "that they were made for, in nats, with its 95 % interval over seeds. Labels confirmed: fraction whose class a "
        "learner trained on real images predicts."
    )
    return Page(
        "What guidance does to images",
        [Section(texts=[explanation], table=columns.tabulate(rows.reset_index(), GUIDANCE))],
    )


PRACTICE_PAGES = {
    "practice_summary": practice_summary_page,
    "practice_differences": practice_differences_page,
    "practice_omega": practice_omega_page,
    "practice_equal_accuracy": practice_equal_accuracy_page,
    "practice_guidance": practice_guidance_page,
}
