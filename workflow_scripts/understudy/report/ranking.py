"""Pages of the ranking study's tables; a note on each says which real images judge."""

import pandas as pd

from understudy.plots.style import CALIBRATION_METHODS
from understudy.report import columns, formats
from understudy.report.pages import Page, Section

MAX_MODELS = 20  # shown of a ranking
GROUP = ["draw", "split", "set", "metric"]

METHODS = (
    "none: the plain error on the set. ridge: each class's images weighted by ridge regression so that they give the "
    "calibration models' real errors (the paper's). adaptive: an average of the plain error and of calibrations that "
    "never count a wrong image in a model's favour, each weighing as much as it foretells errors of models left out."
)
INTERVALS = (
    "Spearman correlation of estimated and real errors over the models that did not calibrate: mean over random splits "
    "of the models, with the range that holds 95 % of them; both are of the study's models and images. Set "
    "calibration: the models' errors on the real images that give the calibration models' errors, for comparison."
)


def _absolute_errors(row: columns.Row) -> str:
    error = columns.percent("", "mean_absolute_error")
    return ", ".join(columns.of_part(method, error).cell(row) for method in CALIBRATION_METHODS)


SET = [*columns.SOURCE, columns.text("set", "set"), columns.text("metric", "metric")]
CORRELATIONS = [
    *(columns.of_part(method, columns.interval(method, "spearman")) for method in CALIBRATION_METHODS),
    columns.Column("mean absolute error of each (points)", _absolute_errors),
]
BY_MODELS = [*SET, columns.text("calibration models", "calibration_models"), *CORRELATIONS]


def calibration_page(table: pd.DataFrame, note: str) -> Page:
    """Return the page of ``calibration``, table 3 of the paper."""
    numbers = table[["calibration_models", "models"]].drop_duplicates().itertuples(index=False)
    models = ", ".join(sorted(f"{known} calibrate, {ranked} are ranked" for known, ranked in numbers))
    texts = [f"{INTERVALS} {models}, {_repeats(table)}. {note}", METHODS]
    rows = columns.beside(table, GROUP, "method")
    section = Section(texts=texts, table=columns.tabulate(rows, [*SET, *CORRELATIONS]))
    return Page("Does a set rank models as real images do, calibrated or not?", [section])


def calibration_models_page(table: pd.DataFrame, note: str) -> Page:
    """Return the page of ``calibration_models``, table 4 of the paper."""
    rows = columns.beside(table, [*GROUP, "calibration_models"], "method")
    texts = [f"{INTERVALS} {_repeats(table)}. {note}", METHODS]
    section = Section(texts=texts, table=columns.tabulate(rows, BY_MODELS))
    return Page("How many models of known real error does a calibration need?", [section])


def calibration_penalties_page(table: pd.DataFrame, note: str) -> Page:
    """Return the page of ``calibration_penalties``."""
    penalties = [
        columns.of_part(penalty, columns.interval(f"λ = {penalty:g}", "spearman"))
        for penalty in sorted(table["penalty"].unique())
    ]
    texts = [
        "The ridge method by its penalty λ, in numbers of images; the paper's value isn't known.",
        f"{INTERVALS} {_repeats(table)}. {note}",
    ]
    section = Section(texts=texts, table=columns.tabulate(columns.beside(table, GROUP, "penalty"), [*SET, *penalties]))
    return Page("How much does the penalty of the ridge method matter?", [section])


def _estimate(row: columns.Row) -> str:
    return f"{formats.percent(row['estimate'])} ({row['rank']:g})"


RANKING = [
    *columns.SOURCE,
    columns.text("set", "set"),
    columns.text("model", "model"),
    *(columns.of_part(method, columns.Column(method, _estimate)) for method in reversed(CALIBRATION_METHODS)),
    columns.percent("real error", "real_risk"),
    columns.Column("", lambda row: "calibrates" if row["calibrates"] else ""),
]


def model_ranking_page(table: pd.DataFrame, note: str) -> Page:
    """Return the page of ``model_ranking``: the best models by the adaptive estimate, else by the plain one."""
    rows = []
    for _, group in table[table["metric"] == "top1"].groupby(["draw", "split", "set"], sort=False):
        best = "adaptive" if "adaptive" in set(group["method"]) else "none"
        models = columns.beside(group.sort_values("model", kind="stable"), ["model"], "method")
        rows += sorted(models, key=lambda row, best=best: row[best]["estimate"])[:MAX_MODELS]
    models = table["model"].nunique()
    shown = f"The {MAX_MODELS} best models" if models > MAX_MODELS else f"All {models} models"
    explanation = (
        f"{shown} by their estimated real error (top-1, in percent; their rank among {models} in brackets), with each "
        "method. The real error is that on the images which judge, where there are such. Models that calibrate had "
        f"their real errors known. {note}"
    )
    return Page("The models' order", [Section(texts=[explanation], table=columns.tabulate(rows, RANKING))])


def _repeats(table: pd.DataFrame) -> str:
    fewest, most = table["repeats"].min(), table["repeats"].max()
    lacking = ", where all ranked models tie in the others, which have no correlation" if table["reason"].any() else ""
    return f"{most:,} splits" if fewest == most else f"{fewest:,} to {most:,} splits{lacking}"


RANKING_PAGES = {
    "calibration": calibration_page,
    "calibration_models": calibration_models_page,
    "calibration_penalties": calibration_penalties_page,
    "model_ranking": model_ranking_page,
}
