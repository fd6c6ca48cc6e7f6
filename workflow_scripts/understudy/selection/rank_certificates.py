"""Which pairs of models have a certified order: the tables `rank_certificates` and `certificate_summary`.

Section 3, theorem 3.2 and corollary 3.3; models are the last snapshots of full runs, pairs are within a family.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.selection.choices import generators_of
from understudy.selection.records import AGGREGATE
from understudy.selection.split_errors import Noise, SplitErrors, splits_of
from understudy.statistics.certificates import (
    certified,
    disagreement_masses,
    pair_indices,
    restricted_total_variation,
    risk_differences,
)
from understudy.statistics.image_noise import wrong_images

Key = tuple[int, str, str]

KEYS = ["draw", "split", "generator", "family"]
SUMMARY_COLUMNS = [
    *(*KEYS, "pairs", "certified", "certified_share", "restricted_certified_share", "total_variation_bound"),
    *("agree_share", "violated", "reason"),
]
TEST_COLUMNS = ["risk_difference_real", "risk_difference_real_se", "agrees"]


def rank_certificates(
    counts: pd.DataFrame,
    noise: Noise,
    total_variation: Mapping[Key, float],
    *,
    restricted: Mapping[Key, pd.DataFrame] | None = None,
    test: str | None = "test",
) -> pd.DataFrame:
    """Build the table `rank_certificates`: for each pair of runs, whether their order is certified and whether it held.

    `risk_difference_synthetic` is the first run's error less the second's; `certified` where it exceeds the bound 2 TV
    by more than its sampling error. `agrees`, whether the test set orders the pair alike, is missing where either
    difference is 0.

    Parameters
    ----------
    noise
        Image noise by (draw, split, set), of the synthetic sets and the test set.
    total_variation
        TV between real and synthetic images by (draw, split, generator); a missing or NaN one leaves bound and
        certificate missing, with the reason.
    restricted
        TV over the region of disagreement in the same keys, from `disagreement_variation`; its columns are missing
        where it wasn't measured.
    """
    frames = []
    for errors in splits_of(counts, noise, test):
        for name in generators_of(errors.counts):
            rows = errors.part(errors.last, name, "full")
            key = (errors.draw, errors.split, name)
            if key not in noise:
                raise StudyError(f"draw {key[0]}, {key[1]} has no predictions on set {name!r}: evaluate the runs there")
            for family, runs in rows.groupby("family", observed=True):
                runs = runs.reset_index(drop=True)
                if len(runs) > 1:
                    pairs = _pairs(errors, noise, runs, total_variation.get(key, np.nan), (restricted or {}).get(key))
                    frames.append(
                        pairs.assign(draw=errors.draw, split=errors.split, generator=name, family=str(family))
                    )
    columns = [
        *(*KEYS, "first", "second", "risk_difference_synthetic", "risk_difference_synthetic_se"),
        *("total_variation_bound", "certified", "restricted_bound", "certified_restricted"),
        *(TEST_COLUMNS if test else []),
        "reason",
    ]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def disagreement_variation(
    real: tuple[pd.DataFrame, np.ndarray, np.ndarray],
    synthetic: tuple[pd.DataFrame, np.ndarray, np.ndarray],
    count: int,
) -> pd.DataFrame:
    """Total variation restricted to each pair's region of disagreement in correctness, run by run.

    Parameters
    ----------
    real, synthetic
        Predictions (rows of the table ``predictions`` on one set; last snapshots of full runs are used), the set's
        labels, int [N], and the clusters of its images' features, int [N] in [0, count).

    Returns
    -------
    variation
        Float, index and columns the names of the runs that both have.
    """
    masses, names = [], []
    for predictions, labels, clusters in (real, synthetic):
        rows = predictions[predictions["is_last"] & (predictions["regime"] == "full")].sort_values("run")
        masses.append(disagreement_masses(wrong_images(rows, labels), clusters, count))
        names.append(rows["run"].tolist())
    if names[0] != names[1]:
        odd = sorted(set(names[0]) ^ set(names[1]))
        raise StudyError(f"run {odd[0]!r} has predictions on one of the two sets only: evaluate it on the other")
    return pd.DataFrame(restricted_total_variation(*masses), index=names[0], columns=names[0])


def certificate_summary(certificates: pd.DataFrame) -> pd.DataFrame:
    """Build the table `certificate_summary`: certified, agreeing and violated pairs, per generator and family.

    `violated` counts certified pairs that the test set orders the other way. Over draws (-1) the pairs are pooled.
    `agree_share` and `violated` are there only with a test set. Without pairs there are no rows.
    """
    pooled = certificates.assign(draw=AGGREGATE)
    both = pd.concat([certificates, pooled]) if certificates["draw"].nunique() > 1 else certificates
    tested = "agrees" in certificates.columns
    rows = []
    for key, pairs in both.groupby(KEYS, sort=False, observed=True):
        sure = pairs["certified"].fillna(False).astype(bool)
        row = dict(zip(KEYS, key, strict=True)) | {"pairs": len(pairs), "certified": int(sure.sum())}
        row["certified_share"] = float(sure.mean())
        row["restricted_certified_share"] = float(pairs["certified_restricted"].dropna().astype(float).mean())
        row["total_variation_bound"] = float(pairs["total_variation_bound"].mean())
        if tested:
            row["agree_share"] = float(pairs["agrees"].dropna().astype(float).mean())
            row["violated"] = int((sure & ~pairs["agrees"].fillna(True).astype(bool)).sum())
        row["reason"] = "; ".join(dict.fromkeys(reason for reason in pairs["reason"] if reason))
        rows.append(row)
    columns = [column for column in SUMMARY_COLUMNS if tested or column not in ("agree_share", "violated")]
    return pd.DataFrame(rows, columns=columns)


def _pairs(
    errors: SplitErrors, noise: Noise, runs: pd.DataFrame, variation: float, restricted: pd.DataFrame | None
) -> pd.DataFrame:
    i, j = pair_indices(len(runs))
    of_set = noise[errors.draw, errors.split, runs["set"].iloc[0]]
    at = of_set.last_rows("full", runs["run"])
    difference, deviation = risk_differences(runs["error"].to_numpy(), of_set.covariance[np.ix_(at, at)])
    names = runs["run"].astype(str).to_numpy()
    table = pd.DataFrame({"first": names[i], "second": names[j], "risk_difference_synthetic": difference})
    table["risk_difference_synthetic_se"] = deviation
    table["total_variation_bound"] = 2 * variation
    table["certified"] = _certified(difference, deviation, np.full(len(i), 2 * variation))
    bound = np.full(len(i), np.nan) if restricted is None else 2 * restricted.loc[names, names].to_numpy()[i, j]
    table["restricted_bound"] = bound
    table["certified_restricted"] = _certified(difference, deviation, bound)
    if errors.test is not None:
        at = runs["noise_row"].to_numpy()
        real, real_se = risk_differences(runs["test_error"].to_numpy(), errors.noise.covariance[np.ix_(at, at)])
        table["risk_difference_real"], table["risk_difference_real_se"] = real, real_se
        settled = (real != 0) & (difference != 0)
        table["agrees"] = pd.array(np.sign(real) == np.sign(difference), dtype="boolean")
        table.loc[~settled, "agrees"] = pd.NA
    table["reason"] = "no total variation was measured for this generator" if np.isnan(variation) else ""
    return table


def _certified(difference: np.ndarray, deviation: np.ndarray, bound: np.ndarray) -> pd.api.extensions.ExtensionArray:
    sure = pd.array(certified(difference, deviation, bound), dtype="boolean")
    sure[np.isnan(bound)] = pd.NA
    return sure
