"""The tables of a practice study, from its runs and their scores: scaling, costs, summary, cost at equal accuracy.

The summary holds what the paper's tables say: ends of runs and shifted sets (table 1), ablations (table 3), and every
branch with its images and iterations (table 4). Intervals are over seeds: a seed has its own plain images, initial
weights and order of images, and every variant uses the same for it, so that variants are compared seed by seed.
"""

import numpy as np
import pandas as pd

from understudy.practice.differences import gains
from understudy.practice.intervals import FRACTION, mean_interval
from understudy.practice.variants import PLAINNESS, SCALING
from understudy.seeds import numpy_generator

ARM = ["experiment", "method", "arm"]
KEY = [*ARM, "seed", "draw", "branch"]
SECONDS = ["generator_seconds", "learner_seconds"]
RATES = ["plain_seconds_per_image", "guided_seconds_per_image"]


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
    ranks = table.assign(_method=table["method"].map(PLAINNESS), _arm=pd.factorize(table["arm"])[0])
    ranks = ranks.sort_values(["experiment", "_method", "_arm", "seed", "branch"], kind="stable")
    return ranks.drop(columns=["_method", "_arm"]).reset_index(drop=True)


def summary_table(scaling: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return ``practice_summary``: each variant and branch over seeds, and what it gains over static training.

    The gain of a run is its test accuracy less that of static training on as many images with the same seed,
    interpolated linearly in the logarithm of the number of images between the study's static sets. Beyond these it is
    missing.
    """
    table = _with_seconds(scaling, costs)
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
            row[column] = part[column].mean()
        if tested:
            accuracy, gain = part["test_accuracy"].to_numpy(), part["gain"].dropna().to_numpy()
            row["test_accuracy"] = accuracy.mean()
            row["ci_low"], row["ci_high"] = mean_interval(accuracy, FRACTION)
            row["gain"] = gain.mean() if len(gain) else np.nan
            row["gain_ci_low"], row["gain_ci_high"] = mean_interval(gain)
            told += [_reason(len(part), len(gain), row["method"])]
        rows.append(row | {"reason": "; ".join(filter(None, told))})
    return in_order(pd.DataFrame(rows).assign(seed=0)).drop(columns="seed")


def _with_seconds(scaling: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    table = scaling.merge(costs[[*KEY, *SECONDS]], on=KEY, validate="one_to_one")
    return table.assign(seconds=table[SECONDS].sum(axis=1))


def _reason(seeds: int, gains_known: int, method: str) -> str:
    if method == "real":
        return "real images are no other size of a synthetic set"
    if not gains_known:
        return "the static sets don't reach to this number of images"
    return "one seed gives no interval" if seeds < 2 else ""


def equal_accuracy_table(scaling: pd.DataFrame, costs: pd.DataFrame, n_resamples: int, seed: int) -> pd.DataFrame:
    """Return ``practice_equal_accuracy``: what each variant needs for the accuracy of each static set.

    A variant's curve is the mean over seeds of its branches (for static, of its sets) in order of size; where it first
    reaches the target, images and seconds are interpolated between its points, linearly in their logarithms. The
    interval of the ratio of seconds resamples seeds, the target's with the variant's.
    """
    table = _with_seconds(scaling, costs)
    table = table[(table["experiment"] == SCALING) & (table["method"] != "real")]
    # The sets of static are the points of its curve, as branches are of the others'.
    static = table[table["method"] == "static"]
    static = static.assign(arm="static", point=static["images_trained"])
    others = table[table["method"] != "static"]
    table = pd.concat([static, others.assign(point=others["branch"])], ignore_index=True)
    tested = "test_accuracy" in table
    seeds = np.array(sorted(table["seed"].unique()))
    resampled = numpy_generator(seed).integers(0, len(seeds), (n_resamples, len(seeds)))
    sizes = sorted(static["images_trained"].unique())
    curves = {arm: Curve(part, seeds, tested) for arm, part in table.groupby("arm", sort=False)}
    rows = []
    for index, size in enumerate(sizes):
        for arm, curve in curves.items():
            row = {"method": curve.method, "arm": arm, "target_images": size, "seeds": len(seeds), "reason": ""}
            rows.append(row | (_reached(curve, curves["static"], index, resampled) if tested else {}))
    columns = ["method", "arm", "target_images", "seeds", "reason"]
    return pd.DataFrame(rows, columns=None if rows else columns)


class Curve:
    """A variant's points: accuracy [points, seeds], measures [3, points, seeds]; NaN where a seed has no branch."""

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

    def at(self, target: float, chosen: np.ndarray) -> np.ndarray:
        """Return the measures [3] where the mean curve first reaches ``target``; NaN: never."""
        accuracy, measures = self.means(chosen)
        above = np.flatnonzero(accuracy >= target)
        if len(above) == 0:
            return np.full(len(measures), np.nan)
        point = above[0]
        if point == 0:
            return measures[:, 0]
        fraction = (target - accuracy[point - 1]) / (accuracy[point] - accuracy[point - 1])
        return np.exp((1 - fraction) * np.log(measures[:, point - 1]) + fraction * np.log(measures[:, point]))

    def reach(self, static: "Curve", index: int, chosen: np.ndarray) -> tuple[float, np.ndarray, float]:
        """Return the accuracy of a point of ``static``, the measures [3] where it is reached, the ratio of seconds."""
        target, reference = (values[..., index] for values in static.means(chosen))
        found = self.at(target, chosen)
        return float(target), found, found[2] / reference[2]


def _reached(curve: Curve, static: Curve, index: int, resampled: np.ndarray) -> dict:
    """Return a variant's row for a static set; ``resampled`` [n_resamples, seeds] are indices of seeds."""
    seeds = resampled.shape[1]
    target, found, ratio = curve.reach(static, index, np.arange(seeds))
    ratios = np.array([curve.reach(static, index, chosen)[2] for chosen in resampled])
    known = np.isfinite(ratios)
    ends = np.full(2, np.nan)
    if seeds > 1 and known.any():
        # A resample that never reaches the accuracy is worse than any that does.
        ends = np.quantile(np.where(known, ratios, np.inf), [0.025, 0.975], method="inverted_cdf")
        ends[np.isinf(ends)] = np.nan
    return {
        "target_accuracy": target,
        **dict(zip(Curve.MEASURES, found, strict=True)),
        "seconds_ratio": ratio,
        "ratio_ci_low": ends[0],
        "ratio_ci_high": ends[1],
        "reached": known.mean(),
        "reason": "never reached" if np.isnan(ratio) else "",
    }
