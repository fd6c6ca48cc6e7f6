"""The tables of a practice study, from its runs and their scores: scaling, costs, summary, cost at equal accuracy.

The summary holds what the paper's tables say: ends of runs and shifted sets (table 1), ablations (table 3), and every
branch with its images and iterations (table 4). Intervals are over seeds: a seed has its own plain images, initial
weights and order of images, and every arm uses the same for it, so that arms are compared seed by seed.
"""

import numpy as np
import pandas as pd

from understudy.practice.differences import gains
from understudy.practice.intervals import SHARE, mean_interval
from understudy.practice.variants import METHODS, SCALING
from understudy.seeds import numpy_generator

ARM = ["experiment", "method", "arm"]
KEY = [*ARM, "seed", "draw", "branch"]
SECONDS = ["generator_seconds", "learner_seconds"]
RATES = ["plain_seconds_per_image", "guided_seconds_per_image"]
CURVES = ("static", "dynamic", "prune", "practice")


def scaling_table(runs: pd.DataFrame, evaluation: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_scaling``: tables ``practice_runs`` and ``practice_evaluation`` side by side."""
    accuracy = 1 - evaluation["errors"] / evaluation["images"]
    wide = evaluation.assign(accuracy=accuracy).pivot(index="run", columns="set", values="accuracy")
    wide = wide.rename(columns={"validation": "validation_accuracy", "test": "test_accuracy"})
    found = runs.merge(wide, left_on="run", right_index=True, validate="one_to_one")
    return in_order(found.drop(columns=["run", *SECONDS, *RATES]))


def costs_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_costs``, its rows those of ``practice_scaling``."""
    rates = runs["generator_seconds"] / runs["images_generated"].where(runs["images_generated"] > 0)
    kept = [*KEY, "images_generated", "images_trained", "iterations", *SECONDS, *RATES]
    return in_order(runs[kept].assign(seconds_per_image=rates))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by experiment, method (ceiling first), arm, seed and branch."""
    arms = list(dict.fromkeys(table["arm"]))
    ranks = table.assign(_method=table["method"].map(METHODS.index), _arm=table["arm"].map(arms.index))
    ranks = ranks.sort_values(["experiment", "_method", "_arm", "seed", "branch"], kind="stable")
    return ranks.drop(columns=["_method", "_arm"]).reset_index(drop=True)


def summary_table(scaling: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_summary``: each arm and branch over seeds, and what it gains over static training.

    The gain of a run is its test accuracy less that of static training on as many images with the same seed,
    interpolated linearly in the logarithm of the number of images between the study's static sets. Beyond these it is
    missing.
    """
    table = scaling.merge(costs[[*KEY, *SECONDS]], on=KEY, validate="one_to_one")
    table["seconds"] = table[SECONDS].sum(axis=1)
    shifted = [column for column in table if column.startswith("shifted_")]
    tested = "test_accuracy" in table
    if tested:
        table["gain"] = gains(table)
    rows = []
    groups = [*ARM, "branch", "omega", "oversampling"]
    for values, part in table.groupby(groups, sort=False):
        row = dict(zip(groups, values, strict=True)) | {"seeds": len(part)}
        told = sorted(set(part["reason"]) - {""})
        for column in ("iterations", "images_generated", "images_trained", "seconds", "validation_accuracy", *shifted):
            row[column] = float(part[column].mean())
        if tested:
            accuracy, gain = part["test_accuracy"].to_numpy(), part["gain"].dropna().to_numpy()
            row["test_accuracy"] = float(accuracy.mean())
            row["ci_low"], row["ci_high"] = mean_interval(accuracy, SHARE)
            row["gain"] = float(gain.mean()) if len(gain) else np.nan
            row["gain_ci_low"], row["gain_ci_high"] = mean_interval(gain)
            told += [_reason(len(part), len(gain), row["method"])]
        rows.append(row | {"reason": "; ".join(filter(None, told))})
    return in_order(pd.DataFrame(rows).assign(seed=0)).drop(columns="seed")


def _reason(seeds: int, gains_known: int, method: str) -> str:
    if method == "real":
        return "real images are no other size of a synthetic set"
    if not gains_known:
        return "the static sets don't reach to this number of images"
    return "one seed gives no interval" if seeds < 2 else ""


def equal_accuracy_table(scaling: pd.DataFrame, costs: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    """Return ``practice_equal_accuracy``: what each arm needs for the accuracy of each static set.

    An arm's curve is the mean over seeds of its branches (for static, of its sets) in order of size; where it first
    reaches the target, images and seconds are interpolated between its points, linearly in their logarithms. The
    interval of the ratio of seconds resamples seeds, the target's with the arm's.
    """
    table = scaling.merge(costs[[*KEY, *SECONDS]], on=KEY, validate="one_to_one")
    table = table[(table["experiment"] == SCALING) & table["method"].isin(CURVES)]
    table = table.assign(seconds=table[SECONDS].sum(axis=1))
    static = table[table["method"] == "static"].assign(arm="static")
    table = pd.concat([static, table[table["method"] != "static"]], ignore_index=True)
    # The sets of static are the points of its curve, as branches are of the others'.
    table["point"] = np.where(table["method"] == "static", table["images_trained"], table["branch"])
    tested = "test_accuracy" in table
    seeds = np.array(sorted(table["seed"].unique()))
    resampled = numpy_generator(seed).integers(0, len(seeds), (draws, len(seeds)))
    sizes = sorted(static["images_trained"].unique())
    curves = {arm: Curve(part, seeds, tested) for arm, part in table.groupby("arm", sort=False)}
    rows = []
    for size in sizes:
        for arm, curve in curves.items():
            row = {"method": curve.method, "arm": arm, "target_images": int(size), "seeds": len(seeds), "reason": ""}
            if tested:
                row |= _reached(curve, curves["static"], sizes.index(size), resampled)
            rows.append(row)
    columns = ["method", "arm", "target_images", "seeds", "reason"]
    return pd.DataFrame(rows, columns=None if rows else columns)


class Curve:
    """An arm's points: accuracy [points, seeds], measures [3, points, seeds]; NaN where a seed has no such branch."""

    MEASURES = ("images_generated", "images_trained", "seconds")

    def __init__(self, part: pd.DataFrame, seeds: np.ndarray, tested: bool):
        self.method = part["method"].iloc[0]
        wide = part.pivot(index="point", columns="seed").reindex(columns=seeds, level="seed")
        # A branch that most seeds never had says little: its mean is over the others.
        self.accuracy = wide["test_accuracy"].to_numpy(float) if tested else None
        self.measures = np.stack([wide[name].to_numpy(float) for name in self.MEASURES])  # [3, points, seeds]

    def means(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean accuracy [points] and measures [3, points] over some seeds; points that none has are left out."""
        accuracy = self.accuracy[:, chosen]
        there = np.isfinite(accuracy).any(1)
        return np.nanmean(accuracy[there], 1), np.nanmean(self.measures[:, there][:, :, chosen], 2)

    def at(self, target: float, chosen: np.ndarray) -> np.ndarray | None:
        """Return the measures [3] where the mean curve first reaches ``target``; None: never."""
        accuracy, measures = self.means(chosen)
        above = np.flatnonzero(accuracy >= target)
        if len(above) == 0:
            return None
        point = above[0]
        if point == 0:
            return measures[:, 0]
        share = (target - accuracy[point - 1]) / (accuracy[point] - accuracy[point - 1])
        return np.exp((1 - share) * np.log(measures[:, point - 1]) + share * np.log(measures[:, point]))


def _reached(curve: Curve, static: Curve, place: int, resampled: np.ndarray) -> dict:
    every = np.arange(resampled.shape[1])
    target, reference = (values[..., place] for values in static.means(every))
    found = curve.at(target, every)
    ratios = np.array([_ratio(curve, static, place, chosen) for chosen in resampled])
    known = np.isfinite(ratios)
    low, high = np.nan, np.nan
    if len(every) > 1 and known.any():
        # A draw that never reaches the accuracy is worse than any that does.
        low, high = np.quantile(np.where(known, ratios, np.inf), [0.025, 0.975], method="inverted_cdf")
    row = {"target_accuracy": float(target), "reached": float(known.mean())}
    row |= {"ratio_ci_low": low if np.isfinite(low) else np.nan, "ratio_ci_high": high if np.isfinite(high) else np.nan}
    if found is None:
        return row | dict.fromkeys((*Curve.MEASURES, "seconds_ratio"), np.nan) | {"reason": "never reached"}
    row |= dict(zip(Curve.MEASURES, map(float, found), strict=True))
    return row | {"seconds_ratio": float(found[2] / reference[2])}


def _ratio(curve: Curve, static: Curve, place: int, chosen: np.ndarray) -> float:
    target, reference = (values[..., place] for values in static.means(chosen))
    found = curve.at(target, chosen)
    return np.nan if found is None else float(found[2] / reference[2])
