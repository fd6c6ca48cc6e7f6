"""What the card of the chosen model says of each class."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

DRAW = 0
"""The drawing of the splits whose chosen model is handed out."""

MAX_CLASSES = 50
"""A confusion matrix of more classes stands in the table class_errors alone."""


@dataclass(frozen=True)
class Choice:
    """What chose the model that is handed out: the set of a generator, on a split of a study.

    ``pixels`` is what :class:`understudy.data.pixel_settings.PixelSettings` dumps: how the study's images were read.
    """

    study: str
    split: str
    generator: str
    pixels: Mapping = field(default_factory=dict)


def _mine(table: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    mine = (table["draw"] == DRAW) & (table["split"] == choice.split) & (table["generator"] == choice.generator)
    return table[mine & (table["protocol"] == "synthetic")]


def of_set(summary: pd.DataFrame, choice: Choice, name: str | None = None) -> pd.Series:
    """Return the row of the table class_summary on a set; by default the set that chose."""
    rows = _mine(summary, choice)
    return rows[rows["set"] == (name or choice.generator)].iloc[0]


def by_class(tables: Mapping[str, pd.DataFrame], choice: Choice) -> dict:
    """Return the errors by class on the test images and on the set that chose, from class_errors and class_summary."""
    found = {}
    for name, rows in _mine(tables["class_errors"], choice).groupby("set", sort=False):
        summary = of_set(tables["class_summary"], choice, name)
        found[name] = {
            "error": float(summary["error"]),
            "interval_95": [float(summary["ci_low"]), float(summary["ci_high"])],
            "balanced_error": float(summary["balanced_error"]),
            "macro_f1": float(summary["macro_f1"]),
            "worst_class": _worst(summary),
            "classes": [_class(row) for row in rows.to_dict("records")],
        }
        if len(rows) <= MAX_CLASSES:
            matrix = [list(map(int, row)) for row in rows["predicted_as"]]
            found[name]["confusion_matrix"] = {"rows": "true class", "columns": "predicted class", "images": matrix}
        if name != "test":
            found[name]["caution"] = "these images chose the model: their errors are too low"
    return found


def _worst(summary: pd.Series) -> dict | None:
    if not summary["worst_class"]:
        return None
    return {
        "class": summary["worst_class"],
        "images": int(summary["worst_images"]),
        "error": float(summary["worst_error"]),
        "interval_95": [float(summary["worst_ci_low"]), float(summary["worst_ci_high"])],
        "caution": "the highest of several uncertain errors: it is too high on average, and another class may be worse",
    }


def _class(row: dict) -> dict:
    """One class; what isn't known, as the error of a class without images, is null."""
    values = {"error": row["error"], "precision": row["precision"], "f1": row["f1"]}
    ends = [row["ci_low"], row["ci_high"]]
    return {
        "class": row["class"],
        "images": int(row["images"]),
        **{name: None if pd.isna(value) else float(value) for name, value in values.items()},
        "interval_95": None if pd.isna(ends[0]) else list(map(float, ends)),
    }
