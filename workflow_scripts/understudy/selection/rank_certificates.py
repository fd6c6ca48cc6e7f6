"""Which pairs of models have a certified order: the tables `rank_certificates` and `certificate_summary`.

Section 3, theorem 3.2 and corollary 3.3; models are the last snapshots of full runs, pairs are within a family.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.schemas import column_names
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.choices import generator_names
from understudy.selection.split_errors import StudyErrors
from understudy.statistics.certificates import (
    certified,
    one_sided_masses,
    pair_indices,
    restricted_total_variation,
    risk_differences,
)
from understudy.statistics.class_weights import class_weights
from understudy.statistics.sampling_covariance import ErrorCovariance, wrong_images

Key = tuple[int, str, str]

KEYS = ["draw", "split", "generator", "family"]


def rank_certificates(
    study: StudyErrors, total_variation: Mapping[Key, float], restricted: Mapping[Key, pd.DataFrame]
) -> pd.DataFrame:
    """Build the table `rank_certificates`: for each pair of runs, whether their order is certified and whether it held.

    `risk_difference_synthetic` is the first run's error less the second's; `certified` where it exceeds the bound 2 TV
    by more than its sampling error. `agrees`, whether the test set orders the pair alike, is missing where either
    difference is 0.

    Parameters
    ----------
    total_variation
        TV between real and synthetic images by (draw, split, generator); a missing or NaN one leaves bound and
        certificate missing, with the reason. Where classes count for shares that are not those of the images, the TV
        between the two distributions of classes is added: by the triangle inequality the sum bounds the TV of the
        distributions that the errors are about.
    restricted
        TV over the region of disagreement in the same keys, from `disagreement_variation`; missing where it wasn't
        measured. It reads the labels of test images, so its columns are those of a study with a test set.
    """
    frames = []
    for errors in study.splits():
        for name in generator_names(errors.counts):
            rows = errors.part(errors.last, name, "full")
            key = (errors.draw, errors.split, name)
            for family, runs in rows.groupby("family", observed=True):
                if len(runs) > 1:
                    variation = total_variation.get(key, np.nan) + errors.share_shift(name)
                    pairs = _pairs(runs, errors.covariance_on(name), variation)
                    if study.test is not None:
                        pairs = _tested(pairs, runs, errors.covariance, restricted.get(key))
                    keys = dict(zip(KEYS, (*key, str(family)), strict=True))
                    frames.append(pairs.assign(**keys, metric=study.metric))
    columns = column_names("rank_certificates", study.test is not None)
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class ClusteredErrors:
    """How the last snapshots of full runs err in each cluster of a set's images.

    ``runs``: their names, sorted; ``wrong``: which images they miss, bool [M, N]; ``clusters``: the cluster of each
    image in each clustering, int [repeats, N]; ``weights``: what each image counts for, floats [N], None where all
    count alike.
    """

    runs: list[str]
    wrong: np.ndarray
    clusters: np.ndarray
    weights: np.ndarray | None = None

    @classmethod
    def of(
        cls, predictions: pd.DataFrame, labels: np.ndarray, clusters: np.ndarray, shares: np.ndarray | None = None
    ) -> "ClusteredErrors":
        """From rows of the table ``predictions`` on one set, its labels, int [N], and clusters, int [repeats, N].

        ``shares``: what each class counts for, floats [C]; None: for its images.
        """
        rows = predictions[predictions["is_last"] & (predictions["regime"] == "full")].sort_values("run")
        images = None if shares is None else np.bincount(labels, minlength=len(shares))
        weights = None if shares is None else class_weights(images, shares)[labels]
        return cls(rows["run"].astype(str).tolist(), wrong_images(rows, labels), clusters, weights)


def disagreement_variation(real: ClusteredErrors, synthetic: ClusteredErrors) -> pd.DataFrame:
    """Total variation restricted to each pair's region of disagreement in correctness, mean over clusterings.

    Float, index and columns the names of the runs. Raises StudyError where one of the sets lacks a run's predictions.
    """
    if real.runs != synthetic.runs:
        odd = sorted(set(real.runs) ^ set(synthetic.runs))
        raise StudyError(f"run {odd[0]!r} has predictions on one of the two sets only: evaluate it on the other")
    # A cluster of the highest number may hold images of one set alone.
    count = 1 + max(int(real.clusters.max()), int(synthetic.clusters.max()))
    total = np.zeros((len(real.runs),) * 2)
    # One clustering after the other: the masses of all pairs of 810 runs in 20 clusters are 50 MB.
    for clusters in zip(real.clusters, synthetic.clusters, strict=True):
        sides = zip((real, synthetic), clusters, strict=True)
        masses = (one_sided_masses(side.wrong, one, count, side.weights) for side, one in sides)
        total += restricted_total_variation(*masses)
    return pd.DataFrame(total / len(real.clusters), index=real.runs, columns=real.runs)


def certificate_summary(certificates: pd.DataFrame) -> pd.DataFrame:
    """Build the table `certificate_summary`: certified, agreeing and violated pairs, per generator and family.

    `violated` counts certified pairs that the test set orders the other way; by the region of disagreement there can
    be none, as that bound is measured on the test images themselves. Over draws (-1) the pairs are pooled. Without a
    test set the columns that need one are left out. Without pairs there are no rows.
    """
    pooled = certificates.assign(draw=AGGREGATE)
    both = pd.concat([certificates, pooled]) if certificates["draw"].nunique() > 1 else certificates
    tested = "agrees" in certificates.columns
    rows = []
    for key, pairs in both.groupby(KEYS, sort=False, observed=True):
        sure = pairs["certified"].fillna(False).astype(bool)
        row = dict(zip(KEYS, key, strict=True)) | {"pairs": len(pairs), "certified": int(sure.sum())}
        row["metric"] = pairs["metric"].iloc[0]
        row["certified_share"] = float(sure.mean())
        row["total_variation_bound"] = float(pairs["total_variation_bound"].mean())
        if tested:
            measured = pairs["certified_restricted"].dropna().astype(bool)
            row["restricted_certified"] = int(measured.sum()) if len(measured) else np.nan
            row["restricted_certified_share"] = float(measured.mean()) if len(measured) else np.nan
            row["restricted_bound"] = float(pairs["restricted_bound"].mean())
            row["agree_share"] = float(pairs["agrees"].dropna().astype(float).mean())
            row["violated"] = int((sure & ~pairs["agrees"].fillna(True).astype(bool)).sum())
        row["reason"] = "; ".join(dict.fromkeys(reason for reason in pairs["reason"] if reason))
        rows.append(row)
    return pd.DataFrame(rows, columns=column_names("certificate_summary", tested))


def _pairs(runs: pd.DataFrame, covariance: ErrorCovariance, variation: float) -> pd.DataFrame:
    """What the synthetic images say of each pair of runs: rows of `SplitErrors.part`, one family's."""
    i, j = pair_indices(len(runs))
    kept = covariance.nearest_rows(runs)
    difference, deviation = risk_differences(runs["error"].to_numpy(), covariance.covariance[np.ix_(kept, kept)])
    names = runs["run"].astype(str).to_numpy()
    table = pd.DataFrame({"first": names[i], "second": names[j], "risk_difference_synthetic": difference})
    table["risk_difference_synthetic_se"] = deviation
    table["total_variation_bound"] = 2 * variation
    table["certified"] = _certified(table, table["total_variation_bound"])
    return table.assign(reason="no total variation was measured for this generator" if np.isnan(variation) else "")


def _tested(
    table: pd.DataFrame, runs: pd.DataFrame, covariance: np.ndarray, restricted: pd.DataFrame | None
) -> pd.DataFrame:
    """Add what the test images say of each pair."""
    i, j = pair_indices(len(runs))
    names = runs["run"].astype(str)
    table["restricted_bound"] = np.nan if restricted is None else 2 * restricted.loc[names, names].to_numpy()[i, j]
    table["certified_restricted"] = _certified(table, table["restricted_bound"])
    kept = runs["covariance_row"].to_numpy()
    real, real_se = risk_differences(runs["test_error"].to_numpy(), covariance[np.ix_(kept, kept)])
    table["risk_difference_real"], table["risk_difference_real_se"] = real, real_se
    synthetic = table["risk_difference_synthetic"]
    table["agrees"] = pd.array(np.sign(real) == np.sign(synthetic), dtype="boolean")
    table.loc[(real == 0) | (synthetic == 0), "agrees"] = pd.NA
    return table


def _certified(table: pd.DataFrame, bound: pd.Series) -> pd.api.extensions.ExtensionArray:
    difference, deviation = table["risk_difference_synthetic"], table["risk_difference_synthetic_se"]
    sure = pd.array(certified(difference, deviation, bound), dtype="boolean")
    sure[bound.isna()] = pd.NA
    return sure
