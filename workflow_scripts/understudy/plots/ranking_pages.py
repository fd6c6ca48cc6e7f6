"""Tables of the ranking study as pages for people; a note on each says which real images judge."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from understudy.plots import pages
from understudy.plots.placed_tables import PLACE, place, placed_table

MOST_MODELS = 20  # shown of a ranking

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


def calibration_page(table: pd.DataFrame, note: str) -> str:
    """Return the page of ``calibration``, table 3 of the paper."""
    models = ", ".join(sorted({f"{m} calibrate, {n} are ranked" for m, n in _counts(table)}))
    parts = [
        pages.paragraph(f"{INTERVALS} {models}, {_repeats(table)}. {note}"),
        pages.paragraph(METHODS),
        _correlations(table),
    ]
    return pages.page("Does a set rank models as real images do, calibrated or not?", parts)


def calibration_models_page(table: pd.DataFrame, note: str) -> str:
    """Return the page of ``calibration_models``, table 4 of the paper."""
    text = f"{INTERVALS} {_repeats(table)}. {note}"
    parts = [pages.paragraph(text), pages.paragraph(METHODS), _correlations(table, True)]
    return pages.page("How many models of known real error does a calibration need?", parts)


def calibration_penalties_page(table: pd.DataFrame, note: str) -> str:
    """Return the page of ``calibration_penalties``."""
    head = [*PLACE, "set", "metric", *(f"λ = {penalty:g}" for penalty in sorted(table["penalty"].unique()))]
    rows = []
    for _, group in table.groupby(["draw", "split", "set", "metric"], sort=False):
        cells = [
            pages.interval(row.spearman, row.ci_low, row.ci_high) for row in group.sort_values("penalty").itertuples()
        ]
        first = group.iloc[0]
        rows.append([*place(first), first["set"], first["metric"], *cells])
    text = "The ridge method by its penalty λ, in numbers of images; the paper's value isn't known."
    parts = [
        pages.paragraph(text),
        pages.paragraph(f"{INTERVALS} {_repeats(table)}. {note}"),
        placed_table(table, head, rows),
    ]
    return pages.page("How much does the penalty of the ridge method matter?", parts)


def model_ranking_page(table: pd.DataFrame, note: str) -> str:
    """Return the page of ``model_ranking``: the best models by the adaptive estimate, else by the plain one."""
    rows = []
    for _, group in table[table["metric"] == "top1"].groupby([*PLACE, "set"], sort=False):
        wide = group.pivot(index="model", columns="method", values=["estimate", "rank"])
        facts = group.drop_duplicates("model").set_index("model")
        best = "adaptive" if "adaptive" in set(group["method"]) else "none"
        for model in wide.sort_values(("estimate", best), kind="stable").index[:MOST_MODELS]:
            cells = [
                f"{pages.percent(wide['estimate', method][model])} ({wide['rank', method][model]:g})"
                if ("rank", method) in wide
                else pages.MISSING
                for method in ("adaptive", "ridge", "none")
            ]
            fact = facts.loc[model]
            known = "calibrates" if fact["calibrates"] else ""
            rows.append([*place(fact), fact["set"], model, *cells, pages.percent(fact["real_risk"]), known])
    count = table["model"].nunique()
    shown = f"The {MOST_MODELS} best models" if count > MOST_MODELS else f"All {count} models"
    text = (
        f"{shown} by their estimated real error (top-1, in percent; their rank among "
        f"{count} in brackets), with each method. The real error is that on the images which judge, "
        f"where there are such. Models that calibrate had their real errors known. {note}"
    )
    head = [*PLACE, "set", "model", "adaptive", "ridge", "plain", "real error", ""]
    return pages.page("The models' order", [pages.paragraph(text), placed_table(table, head, rows)])


def _correlations(table: pd.DataFrame, by_models: bool = False) -> str:
    keys = [*PLACE, "set", "metric", *(["calibration_models"] if by_models else [])]
    rows = []
    for _, group in table.groupby(keys, sort=False):
        methods = {row.method: row for row in group.itertuples()}
        cells = [
            pages.interval(methods[name].spearman, methods[name].ci_low, methods[name].ci_high)
            if name in methods
            else pages.MISSING
            for name in ("none", "ridge", "adaptive")
        ]
        errors = [
            pages.percent(methods[name].mean_absolute_error if name in methods else np.nan)
            for name in ("none", "ridge", "adaptive")
        ]
        first = group.iloc[0]
        count = [str(first["calibration_models"])] if by_models else []
        rows.append([*place(first), first["set"], first["metric"], *count, *cells, ", ".join(errors)])
    head = [*PLACE, "set", "metric", *(["calibration models"] if by_models else []), "none", "ridge", "adaptive"]
    return placed_table(table, [*head, "mean absolute error of each (points)"], rows)


def _counts(table: pd.DataFrame) -> list[tuple[int, int]]:
    return list(table[["calibration_models", "models"]].drop_duplicates().itertuples(index=False, name=None))


def _repeats(table: pd.DataFrame) -> str:
    fewest, most = table["repeats"].min(), table["repeats"].max()
    lacking = ", where all ranked models tie in the others, which have no correlation" if table["reason"].any() else ""
    return f"{most:,} splits" if fewest == most else f"{fewest:,} to {most:,} splits{lacking}"


RANKING_PAGES: dict[str, Callable[[pd.DataFrame, str], str]] = {
    "calibration": calibration_page,
    "calibration_models": calibration_models_page,
    "calibration_penalties": calibration_penalties_page,
    "model_ranking": model_ranking_page,
}
