"""Whether a set ranks models as the test set does: the table `rank_preservation` (section 4.1, figure 1)."""

import numpy as np
import pandas as pd

from understudy.schemas import column_names
from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import AGGREGATE, missing_draws
from understudy.selection.split_errors import StudyErrors
from understudy.statistics.rank_correlation import MIN_MODELS, kendall
from understudy.statistics.sampling_covariance import ErrorCovariance
from understudy.statistics.true_rank_correlation import LARGEST, Side, true_spearman

LEVELS = ("architecture", "run")
KEYS = ["split", "generator", "family", "level"]
TEST_COLUMNS = ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"]


def rank_preservation(study: StudyErrors, *, seed: int, n_resamples: int = 2_000) -> pd.DataFrame:
    """Build the table `rank_preservation`: rank correlations between the errors on a set and on the test set.

    One row per draw, split, generator (or `validation`: subtrain runs on the validation part), family and level: over
    architectures (mean error of their runs) and over runs, all at their last snapshots. `spearman` and `kendall`
    (tau-b) are those of the measured errors, ties by average rank. `spearman_true` and its 95 % interval are for true
    errors over a population of such models: images and models vary, and the sampling of images is corrected for
    (`true_spearman`). Draws reuse architectures and images, so the aggregate averages their intervals on Fisher's scale
    and doesn't narrow them.

    Parameters
    ----------
    study
        Without a test set nothing can be compared and only the numbers of models are left.
    n_resamples
        Simulated studies for each correlation tried.

    Raises
    ------
    StudyError
        As `StudyErrors.splits`, and where a set that ranks has no predictions.
    """
    records = []
    for errors in study.splits():
        for name, regime in errors.selection_sets:
            rows = errors.part(errors.last, name, regime)
            for family, runs in rows.groupby("family", observed=True):
                for level in LEVELS:
                    key = {"draw": errors.draw, "split": errors.split, "generator": name, "family": str(family)}
                    row = {**key, "level": level, "models": runs[level].nunique()}
                    row |= {"metric": study.metric, "reason": _reason(row["models"], study.test)}
                    if not row["reason"]:
                        sets = errors.covariance_on(study.test), errors.covariance_on(name)
                        rng = numpy_generator(seed_for(seed, "rank", *key.values(), level))
                        row |= _correlations(runs, level, sets, rng, n_resamples)
                    records.append(row)
    table = pd.DataFrame(records, columns=column_names("rank_preservation", study.test is not None))
    if study.test is None:
        return table
    return pd.concat([table, _over_draws(table)], ignore_index=True) if table["draw"].nunique() > 1 else table


def _reason(models: int, test: str | None) -> str:
    if test is None:
        return "no test set"
    few = f"{models} model{'s' * (models > 1)}: a rank correlation needs at least {MIN_MODELS}"
    return few if models < MIN_MODELS else ""


def _correlations(
    runs: pd.DataFrame,
    level: str,
    sets: tuple[ErrorCovariance, ErrorCovariance],
    rng: np.random.Generator,
    n_resamples: int,
) -> dict:
    """Columns of the table from runs (rows of `SplitErrors.part`) averaged by `level`; `sets`: test set, other set."""
    _, weights = means_over(runs[level].astype(str).to_numpy())
    # Rounded, since means of equal sums must tie, in whatever order they were added up.
    real, synthetic = (
        Side((weights @ runs[column].to_numpy()).round(12), covariance.of_means(runs, weights))
        for column, covariance in zip(("test_error", "error"), sets, strict=True)
    )
    groups = np.unique(runs["architecture"].astype(str), return_inverse=True)[1] if level == "run" else None
    found = true_spearman(real, synthetic, rng, groups=groups, n_resamples=n_resamples)
    return {
        "spearman": found.measured,
        "kendall": kendall(real.errors, synthetic.errors),
        "spearman_true": found.corrected,
        "ci_low": found.low,
        "ci_high": found.high,
        "reason": found.reason,
    }


def means_over(members: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Names of the G groups, sorted, and weights [G, n] that average n rows over the groups that `members` names."""
    names, group = np.unique(members, return_inverse=True)
    weights = np.zeros((len(names), len(members)))
    weights[group, np.arange(len(members))] = 1
    return names.tolist(), weights / weights.sum(axis=1, keepdims=True)


def _over_draws(table: pd.DataFrame) -> pd.DataFrame:
    rows, draws = [], table["draw"].nunique()
    for key, group in table.groupby(KEYS, sort=False):
        row = dict(zip(KEYS, key, strict=True)) | {"draw": AGGREGATE, "models": int(group["models"].min())}
        row["metric"] = group["metric"].iloc[0]
        reasons = [reason for reason in group["reason"] if reason] or [""]
        row["reason"] = "; ".join(dict.fromkeys(reasons)) or missing_draws(len(group), draws)
        for column in TEST_COLUMNS:
            # -1 and 1 are infinite on Fisher's scale: they count as the ends of the grid of correlations.
            values = np.clip(group[column].to_numpy(dtype=float), -LARGEST, LARGEST)
            mean = float(np.tanh(np.mean(np.arctanh(values))))
            row[column] = float(np.sign(mean)) if abs(mean) > LARGEST - 1e-9 else mean
        rows.append(row)
    return pd.DataFrame(rows, columns=table.columns)
