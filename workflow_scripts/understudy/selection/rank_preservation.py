"""Whether a set ranks models as the test set does: the table `rank_preservation` (section 4.1, figure 1)."""

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import AGGREGATE, missing_draws
from understudy.selection.split_errors import Noise, SplitErrors, splits_of
from understudy.statistics.rank_correlation import kendall
from understudy.statistics.sampling_covariance import ErrorNoise
from understudy.statistics.true_rank_correlation import LARGEST, Side, true_spearman

LEVELS = ("architecture", "run")
KEYS = ["split", "generator", "family", "level"]
TEST_COLUMNS = ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"]


def rank_preservation(
    counts: pd.DataFrame, noise: Noise, *, seed: int, resamples: int = 2_000, test: str | None = "test"
) -> pd.DataFrame:
    """Build the table `rank_preservation`: rank correlations between the errors on a set and on the test set.

    One row per draw, split, generator (or `validation`: subtrain runs on the validation part), family and level: over
    architectures (mean error of their runs) and over runs, all at their last snapshots. `spearman` and `kendall`
    (tau-b) are those of the measured errors, ties by average rank. `spearman_true` and its 95 % interval are for true
    errors over a population of such models: images and models vary, image noise corrected (`true_spearman`). Draws
    reuse architectures and images, so the aggregate averages their intervals on Fisher's scale and doesn't narrow them.

    Parameters
    ----------
    noise
        Image noise by (draw, split, set), of the test set and of every set that ranks.
    resamples
        Simulated studies for each correlation tried.
    test
        Name of the test set; without one nothing can be compared and only the numbers of models are left.

    Raises
    ------
    StudyError
        As `splits_of`, and where a set that ranks has no image noise.
    """
    records = []
    for errors in splits_of(counts, noise, test):
        for name, regime in errors.choosing_sets:
            rows = errors.part(errors.last, name, regime)
            for family, runs in rows.groupby("family", observed=True):
                runs = runs.reset_index(drop=True)
                records += [_row(errors, noise, name, str(family), level, runs, seed, resamples) for level in LEVELS]
    table = pd.DataFrame(records, columns=["draw", *KEYS, "models", *TEST_COLUMNS, "reason"])
    if test is None:
        return table.drop(columns=TEST_COLUMNS)
    return pd.concat([table, _over_draws(table)], ignore_index=True) if table["draw"].nunique() > 1 else table


def _row(
    errors: SplitErrors, noise: Noise, name: str, family: str, level: str, runs: pd.DataFrame, seed: int, resamples: int
) -> dict:
    row = {"draw": errors.draw, "split": errors.split, "generator": name, "family": family, "level": level}
    architectures = runs["architecture"].astype(str).to_numpy()
    members = architectures if level == "architecture" else runs["run"].astype(str).to_numpy()
    row["models"] = len(set(members))
    row["reason"] = "no test set" if errors.test is None else ""
    if row["models"] < 3:
        row["reason"] = (
            row["reason"] or f"{row['models']} model{'s' * (row['models'] > 1)}: a rank correlation needs at least 3"
        )
    if row["reason"]:
        return row
    if (errors.draw, errors.split, name) not in noise:
        raise StudyError(
            f"draw {errors.draw}, {errors.split} has no predictions on set {name!r}: evaluate the runs there first"
        )
    weights = means_over(members)
    # Rounded, since means of equal sums must tie, in whatever order they were added up.
    real = Side((weights @ runs["test_error"].to_numpy()).round(12), _noise(errors.noise, runs, weights))
    of_set = _noise(noise[errors.draw, errors.split, name], runs, weights)
    synthetic = Side((weights @ runs["error"].to_numpy()).round(12), of_set)
    groups = np.unique(architectures, return_inverse=True)[1] if level == "run" else None
    generator = numpy_generator(seed_for(seed, "rank", errors.draw, errors.split, name, family, level))
    found = true_spearman(real, synthetic, generator, groups=groups, draws=resamples)
    row |= {"spearman": found.measured, "kendall": float(kendall(real.errors, synthetic.errors))}
    return row | {
        "spearman_true": found.corrected, "ci_low": found.low, "ci_high": found.high, "reason": found.reason
    }  # fmt: skip


def means_over(members: np.ndarray) -> np.ndarray:
    """Weights [G, n] that average n rows over their G members' names, in the names' order."""
    names, place = np.unique(members, return_inverse=True)
    weights = np.zeros((len(names), len(members)))
    weights[place, np.arange(len(members))] = 1
    return weights / weights.sum(axis=1, keepdims=True)


def _noise(noise: ErrorNoise, runs: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    rows = noise.last_rows(str(runs["regime"].iloc[0]), runs["run"])
    return weights @ noise.covariance[np.ix_(rows, rows)] @ weights.T


def _over_draws(table: pd.DataFrame) -> pd.DataFrame:
    rows, draws = [], table["draw"].nunique()
    for key, group in table.groupby(KEYS, sort=False):
        row = dict(zip(KEYS, key, strict=True)) | {"draw": AGGREGATE, "models": int(group["models"].min())}
        reasons = [reason for reason in group["reason"] if reason] or [""]
        row["reason"] = "; ".join(dict.fromkeys(reasons)) or missing_draws(len(group), draws)
        for column in TEST_COLUMNS:
            # -1 and 1 are infinite on Fisher's scale: they count as the ends of the grid of correlations.
            values = np.clip(group[column].to_numpy(dtype=float), -LARGEST, LARGEST)
            mean = float(np.tanh(np.mean(np.arctanh(values))))
            row[column] = float(np.sign(mean)) if abs(mean) > LARGEST - 1e-9 else mean
        rows.append(row)
    return pd.DataFrame(rows, columns=table.columns)
