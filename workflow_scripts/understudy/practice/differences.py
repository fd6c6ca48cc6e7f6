"""Variants of a practice study against each other, seed by seed.

All variants of a seed share plain images, initial weights and the order of batches, so that a difference between two of
them is far less noisy than either. They end with different numbers of images: that of the other one is read off its
curve, linearly in the logarithm of that number, between its points and never beyond them.
"""

import numpy as np
import pandas as pd

from understudy.practice.intervals import mean_interval
from understudy.practice.variants import ABLATION, PLAINNESS, SCALING

# What two variants may have had as many of.
EQUAL = ("images_trained", "images_generated")
COLUMNS = ["experiment", "method", "arm", "branch", "against", "equal", "seeds", "images", "validation_difference"]


def over(mine: pd.DataFrame, other: pd.DataFrame, equal: str, accuracy: str) -> pd.Series:
    """Return each row's accuracy less that of ``other``'s curve of the same seed at as many images; else missing."""
    found = pd.Series(np.nan, index=mine.index)
    curves = {seed: curve.sort_values(equal) for seed, curve in other.groupby("seed")}
    for seed, rows in mine.groupby("seed"):
        if seed not in curves:
            continue
        points, at = (np.log(table[equal].to_numpy(float)) for table in (curves[seed], rows))
        inside = (at >= points[0] - 1e-9) & (at <= points[-1] + 1e-9)
        expected = np.interp(at, points, curves[seed][accuracy].to_numpy(float))
        found.loc[rows.index] = np.where(inside, rows[accuracy] - expected, np.nan)
    return found


def gains(table: pd.DataFrame) -> pd.Series:
    """Return each row's test accuracy less that of static training on as many images with the same seed."""
    mine = table[table["method"] != "real"]
    static = table[table["method"] == "static"]
    return over(mine, static, "images_trained", "test_accuracy").reindex(table.index)


def differences_table(scaling: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_differences`` from ``practice_scaling``: each loop and branch against the plainer methods.

    Practice's own curve is what its ablations are held against. Intervals are Student's over seeds.
    """
    curves = scaling[(scaling["experiment"] == SCALING) & (scaling["method"] != "real")]
    names = curves["arm"].where(curves["method"] != "static", "static")
    others = dict(list(curves.groupby(names, sort=False)))
    loops = scaling[scaling["experiment"].isin([SCALING, ABLATION]) & ~scaling["method"].isin(["real", "static"])]
    rows = []
    for values, mine in loops.groupby(["experiment", "method", "arm", "branch"], sort=False):
        row = dict(zip(COLUMNS, values, strict=False))
        for name, other in others.items():
            if _is_plainer(other["method"].iloc[0], row):
                rows += [row | {"against": name, "equal": equal} | _difference(mine, other, equal) for equal in EQUAL]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=COLUMNS)


def _is_plainer(method: str, row: dict) -> bool:
    return row["experiment"] == ABLATION or PLAINNESS[method] < PLAINNESS[row["method"]]


def _difference(mine: pd.DataFrame, other: pd.DataFrame, equal: str) -> dict:
    found = over(mine, other, equal, "validation_accuracy").dropna()
    # The mean of no value is missing.
    row = {"seeds": len(found), "images": mine.loc[found.index, equal].mean(), "validation_difference": found.mean()}
    if "test_accuracy" in mine:
        tested = over(mine, other, equal, "test_accuracy").dropna()
        row["difference"] = tested.mean()
        row["ci_low"], row["ci_high"] = mean_interval(tested.to_numpy())
    return row
