"""A made-up study's tables: 5 + 3 architectures, 3 seeds, 3 splits, 4 generators, seeded."""

from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from tests.ranking.made_up import design, predictions
from understudy.ranking.comparison import compare_methods, compare_real_sets
from understudy.ranking.tables import (
    calibration_models_table,
    calibration_penalties_table,
    calibration_table,
    model_ranking,
)
from understudy.selection.class_errors import class_errors, class_summary
from understudy.selection.class_shares import TargetShares, class_shares

SPLITS = ["Train300", "Train900", "Train1500"]
GENERATORS = ["stylegan2_cond", "stylegan2_class", "wgan_gp_cond", "wgan_gp_class"]
SYNTHETIC_SETS = dict.fromkeys(SPLITS, "stylegan2_cond")
STANDARD = ["resnet_8", "resnet_14", "resnet_20", "wrn_10_2", "densenet_10_6"]
RWNN = [f"rwnn_{number:02d}" for number in range(3)]
ARCHITECTURES = [("standard", name) for name in STANDARD] + [("rwnn", name) for name in RWNN]
EPOCHS = (5, 10, 20, 30, 40)
SEEDS = 3


def generator_names(split: str) -> list[str]:
    return GENERATORS if split == "Train1500" else GENERATORS[:1]


def counts(draws: int = 1) -> pd.DataFrame:
    """Table ``counts`` with two classes and halves; synthetic errors follow the test errors for StyleGAN2 only."""
    rng = np.random.default_rng(3)
    levels = dict(zip(SPLITS, (0.12, 0.07, 0.05), strict=True))
    runs = [
        (draw, split, regime, *ARCHITECTURES[number], seed, levels[split] * (0.6 + 0.18 * number) * factor)
        for draw in range(draws)
        for split in SPLITS
        for regime, factor in (("full", 1.0), ("subtrain", 1.15))
        for number in range(len(ARCHITECTURES))
        for seed in range(SEEDS)
    ]
    columns = ["draw", "split", "regime", "family", "architecture", "seed", "error"]
    table = pd.DataFrame(runs, columns=columns)
    table["error"] *= 1 + 0.1 * rng.standard_normal(len(table))
    table["run"] = table["architecture"] + "-s" + table["seed"].astype(str)
    table["set"] = [
        ["test", *(generator_names(row.split) if row.regime == "full" else ["validation"])]
        for row in table.itertuples()
    ]
    details = pd.DataFrame(product(EPOCHS, (0, 1), (0, 1)), columns=["epoch", "label", "half"])
    table = table.explode("set", ignore_index=True).merge(details, how="cross")
    rate = table["error"] * (1 + 2 * np.exp(-table["epoch"] / 8)) * np.where(table["set"].str.contains("gan"), 2.2, 1)
    rate = np.where(table["set"].str.startswith("wgan"), 0.2, rate).clip(max=1)
    columns = [*columns[:-1], "run", "set", "epoch", "label", "half", "images", "errors"]
    return table.assign(images=400, errors=rng.binomial(400, rate))[columns]


def selection_sets(split: str) -> list[str]:
    return [*generator_names(split), "validation"]


def rank_preservation() -> pd.DataFrame:
    rows = []
    for split in SPLITS:
        for name in selection_sets(split):
            value = 0.13 if name.startswith("wgan") else 0.93
            for family, models in (("standard", 17), ("rwnn", 8)):
                for level, factor in (("architecture", 1), ("run", 3)):
                    figures = (value, value - 0.11, min(value + 0.03, 1), value - 0.2, min(value + 0.06, 1))
                    rows.append((0, split, name, family, level, models * factor, *figures, ""))
    return pd.DataFrame(
        rows,
        columns=[
            *("draw", "split", "generator", "family", "level", "models", "spearman", "kendall", "spearman_true"),
            *("ci_low", "ci_high", "reason"),
        ],
    ).assign(metric="error")


def selection_gain() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    gains = {"baseline": 0.0, "es": 0.0005, "rss": 0.004, "es_rss": 0.0045, "oracle": 0.006}
    rows = []
    for split in SPLITS:
        for name in selection_sets(split):
            families = [("standard", "all"), ("rwnn", "all"), *ARCHITECTURES]
            for family, architecture in families:
                for method, gain in gains.items():
                    value = 0.0 if method == "baseline" else gain + 0.002 * rng.standard_normal()
                    width = 0.001 if architecture == "all" else 0.006
                    error = 0.06 - value
                    runs = 51 if architecture == "all" else 3
                    figures = (value, value - width, value + width, 3 * value, "")
                    errors = (error, error - 0.01, error + 0.01)
                    rows.append((0, split, name, family, architecture, method, runs, *errors, *figures))
    return pd.DataFrame(
        rows,
        columns=[
            *("draw", "split", "generator", "family", "architecture", "method", "runs", "test_error", "error_ci_low"),
            *("error_ci_high", "gain", "ci_low", "ci_high", "apparent_gain", "reason"),
        ],
    ).assign(metric="error")


def protocol_comparison() -> pd.DataFrame:
    rows = []
    for split, level in zip(SPLITS, (0.12, 0.07, 0.05), strict=True):
        for family in ("all", "rwnn", "standard"):
            entries = [
                ("random", "", "mean of all", "", np.nan, 1.3),
                ("standard", "", "wrn_10_2", "wrn_10_2", np.nan, 0.9),
            ]
            entries += [
                ("synthetic", name, "resnet_14-s1@30", "resnet_14", 30.0, 0.8 if "style" in name else 1.2)
                for name in generator_names(split)
            ]
            entries.append(("validation", "validation", "resnet_20-s2@40", "resnet_20", 40.0, 1.0))
            for protocol, name, selected, architecture, epoch, factor in entries:
                error = level * factor
                figures = (error, error - 0.012, error + 0.012, error + 0.002, 0.01 * factor, 0.0, 0.02 * factor, "")
                rows.append(
                    (0, split, name, family, protocol, selected, architecture, epoch, 75, error * 1.8, *figures)
                )
    return pd.DataFrame(
        rows,
        columns=[
            *("draw", "split", "generator", "family", "protocol", "selected", "architecture", "epoch", "candidates"),
            *("choosing_error", "test_error", "ci_low", "ci_high", "architecture_error", "regret"),
            *("regret_ci_low", "regret_ci_high", "reason"),
        ],
    ).assign(metric="error")


def generator_quality() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    rows = []
    for split in SPLITS:
        for name in generator_names(split):
            for label in ("all", *map(str, range(10))):
                fid = (4 if name.startswith("style") else 40) * rng.uniform(0.8, 1.2)
                variation = 0.2 if name.startswith("style") else 0.5
                figures = (variation, variation - 0.02, variation + 0.02, 0.14, variation - 0.03, 0.08, 0.01)
                rows.append(
                    (0, split, name, label, 1000 if label == "all" else 100, "own extractor", fid, fid * 1.1, *figures)
                )
    return pd.DataFrame(
        rows,
        columns=[
            *("draw", "split", "generator", "label", "images", "feature_extractor", "fid", "fid_equal_n"),
            *("total_variation", "total_variation_ci_low", "total_variation_ci_high", "total_variation_null"),
            *("total_variation_train", "nearest_train_excess", "nearest_train_excess_null"),
        ],
    )


def history() -> pd.DataFrame:
    rows = []
    for split in SPLITS:
        for family, architecture in ARCHITECTURES:
            for seed in range(SEEDS):
                for epoch in range(1, 41):
                    rate = 0.1 if epoch < 20 else 0.01 if epoch < 30 else 0.001
                    error = 0.3 * np.exp(-epoch / 8)
                    rows.append(
                        (split, family, architecture, seed, f"{architecture}-s{seed}", epoch, error, error, rate)
                    )
    columns = ["split", "family", "architecture", "seed", "run", "epoch", "training_loss", "training_error"]
    return pd.DataFrame(rows, columns=[*columns, "learning_rate"])


def graphs(stages: int = 2, nodes: int = 16) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    rows = []
    for name in RWNN:
        for stage in range(stages):
            for node in range(nodes):
                other = (node + 1) % nodes if rng.random() > 0.25 else int(rng.integers(nodes))
                if other != node:
                    rows.append((name, stage, nodes, min(node, other), max(node, other)))
    return pd.DataFrame(rows, columns=["graph", "stage", "nodes", "source", "target"]).drop_duplicates()


def snapshot_scores() -> pd.DataFrame:
    rows = []
    for split in SPLITS:
        for number, name in enumerate(generator_names(split)):
            for step in range(1, 11):
                fid = (4 + 10 * number) * (1 + 5 * np.exp(-step / 3))
                rows.append((0, split, name, f"{step}.safetensors", 6400 * step, fid, step == 10))
    return pd.DataFrame(rows, columns=["draw", "split", "generator", "snapshot", "images_seen", "fid", "selected"])


def protocol_subsets() -> pd.DataFrame:
    columns = ["draw", "split", "generator", "family", "protocol", "against", "subsets", "architectures", "runs"]
    columns += ["win_share", "tie_share", "mean_difference", "ci_low", "ci_high"]
    rows = [
        (0, split, "stylegan2_cond", family, "synthetic", against, 500, 12, 12, 0.71, 0.05, 0.011, -0.002, 0.024)
        for split in SPLITS
        for family in ("all", "rwnn", "standard")
        for against in ("random", "standard")
    ]
    percentiles = {"difference_p05": -0.02, "difference_p25": 0.0, "difference_p50": 0.01}
    percentiles |= {"difference_p75": 0.02, "difference_p95": 0.04}
    return pd.DataFrame(rows, columns=columns).assign(**percentiles, metric="error", reason="")


def protocol_differences() -> pd.DataFrame:
    """The differences of ``protocol_comparison``, 1.7 points to either side."""
    plainness = ["random", "standard", "validation", "synthetic"]
    rows = []
    for (split, family), entries in protocol_comparison().groupby(["split", "family"], sort=False):
        for ours in entries.itertuples():
            for theirs in entries.itertuples():
                if plainness.index(theirs.protocol) < plainness.index(ours.protocol):
                    found = theirs.test_error - ours.test_error
                    key = (0, split, ours.generator, family, ours.protocol, theirs.protocol)
                    rows.append((*key, found, found - 0.017, found + 0.017, ""))
    columns = ["draw", "split", "generator", "family", "protocol", "against", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=[*columns, "reason"]).assign(metric="error")


def certificate_summary() -> pd.DataFrame:
    """Only Train300 has certified pairs, and one of them is reversed on test images."""
    columns = ["draw", "split", "generator", "family", "pairs", "certified", "certified_share"]
    columns += ["total_variation_bound", "restricted_certified", "restricted_certified_share", "restricted_bound"]
    columns += ["agree_share", "violated", "reason"]
    restricted = (20.0, 0.5, 0.05)
    rows = [
        (0, split, "stylegan2_cond", family, 40, n, n / 40, 0.4, *restricted, 0.975, int(n > 0), "")
        for split, n in zip(SPLITS, (10, 0, 0), strict=True)
        for family in ("standard", "rwnn")
    ]
    return pd.DataFrame(rows, columns=columns).assign(metric="error")


@cache
def class_tables() -> dict[str, pd.DataFrame]:
    """Tables of the shipped snapshot of each split: three classes, the last one the worst."""
    snapshots = pd.DataFrame({"draw": 0, "split": SPLITS, "generator": "stylegan2_cond", "protocol": "synthetic"})
    snapshots = snapshots.assign(run="resnet_14-s1", epoch=30)
    names, labels = ["cat", "dog", "owl"], np.repeat([0, 1, 2], [50, 30, 20])
    predicted = np.where(np.arange(100) % 10 == 0, (labels + 1) % 3, labels)
    predicted[-1] = 0
    keys = pd.DataFrame({"draw": 0, "split": SPLITS}).merge(
        class_shares(np.array([50, 30, 20]), names, "error", {}), how="cross"
    )
    rows = snapshots.assign(regime="full").merge(pd.DataFrame({"set": ["test", "stylegan2_cond"]}), how="cross")
    of_sets = {(0, split, name): labels for split in SPLITS for name in ("test", "stylegan2_cond")}
    shares = TargetShares(keys)
    table = class_errors(snapshots, rows.assign(predicted=[predicted] * len(rows)), of_sets, shares)
    return {"class_errors": table, "class_summary": class_summary(table, shares)}


@cache
def ranking_tables() -> dict[str, pd.DataFrame]:
    """Tables of a ranking study of nine models, one set and no splits; with 2 and 4 calibration models."""
    group = {"draw": 0, "split": ""}
    parts, settings = [predictions(seed) for seed in range(3)], design(calibration_counts=[2, 4])
    on_set = compare_methods(*parts, settings).assign(set="gan", **group)
    on_real = compare_real_sets(*parts[1:], settings).assign(set="calibration", **group)
    rows = pd.concat([on_set, on_real])
    tables = {
        "calibration": calibration_table(rows, settings),
        "calibration_models": calibration_models_table(rows, settings),
        "calibration_penalties": calibration_penalties_table(rows, settings),
        "model_ranking": model_ranking(*parts, design=settings).assign(set="gan", **group),
    }
    return {name: table.assign(class_metric="error") for name, table in tables.items()}
