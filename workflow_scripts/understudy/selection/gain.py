"""What early stopping and random seed selection gain: the table `selection_gain` (sections 4.2.1-4.2.2, appendix D)."""

from functools import partial

import numpy as np
import pandas as pd

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import Record, to_frame, with_aggregates
from understudy.selection.estimators import Outcome, all_architectures
from understudy.selection.methods import METHODS, FamilyRuns, apparent_gains
from understudy.selection.split_errors import Noise, SplitErrors, overlaps, splits_of

KEYS = ["split", "generator", "family", "architecture", "method"]
COLUMNS = [
    *("draw", *KEYS, "runs", "test_error", "error_ci_low", "error_ci_high", "gain", "ci_low", "ci_high"),
    *("apparent_gain", "reason"),
]
TEST_COLUMNS = ("test_error", "error_ci_low", "error_ci_high", "gain", "ci_low", "ci_high")
NO_CHOICE = "one run: nothing to choose among seeds"


def selection_gain(
    counts: pd.DataFrame, noise: Noise, *, seed: int, resamples: int = 10_000, test: str | None = "test"
) -> pd.DataFrame:
    """Build the table `selection_gain`: what each method of choosing snapshots and runs gains on test images.

    One row per draw, split, generator (or `validation`: subtrain runs chosen on the validation part), family,
    architecture (or `all`: the mean over the family's) and method. `gain` is the baseline's test error less the
    method's; `ci_low` and `ci_high` are its 95 % interval over images and runs (for `all`: and architectures);
    `error_ci_low` and `error_ci_high` that of `test_error`. `apparent_gain` is what the choosing images claim.

    Parameters
    ----------
    counts
        The table ``counts``, any number of draws, splits and sets.
    noise
        Image noise of the test set by (draw, split, set).
    seed
        Seed of the resampling of runs.
    test
        Name of the test set; None leaves all test columns and the oracle out.

    Raises
    ------
    StudyError
        Where a set lacks a class, or a run wasn't evaluated on a set or has no predictions on the test set.
    """
    records: list[Record] = []
    for errors in splits_of(counts, noise, test):
        for name, regime in errors.choosing_sets:
            families = errors.part(errors.last, name, regime)["family"].unique()
            for family in families:
                records += _family_records(errors, name, regime, str(family), seed, resamples)
    dropped = () if test else TEST_COLUMNS
    intervals = {"test_error": ("error_ci_low", "error_ci_high", 0.0), "gain": ("ci_low", "ci_high", -1.0)}
    return to_frame(
        with_aggregates(records, KEYS, overlaps(noise, test)), intervals, [c for c in COLUMNS if c not in dropped]
    )


def _family_records(
    errors: SplitErrors, name: str, regime: str, family: str, seed: int, resamples: int
) -> list[Record]:
    last, best = (errors.part(rows, name, regime, family) for rows in (errors.last, errors.best))
    runs = FamilyRuns(errors, last, best, resamples)
    key = {"draw": errors.draw, "split": errors.split, "generator": name, "family": family}
    if errors.test is None:
        return _claimed_records(key, last, best)
    spreads = runs.spreads()
    records: list[Record] = []
    measured: dict[str, list[Outcome]] = {method: [] for method in METHODS}
    for architecture, count in last.groupby("architecture", observed=True).size().items():
        mine = {**key, "architecture": str(architecture), "runs": int(count)}
        of_method = partial(_generator, seed, *key.values(), str(architecture))
        for method, outcome in runs.outcomes(str(architecture), spreads, of_method).items():
            reason = NO_CHOICE if count == 1 else ""
            if outcome is None:
                reason = "the test counts have no halves"
            else:
                measured[method].append(outcome)
            records.append(_record(mine, method, outcome, reason))
    key |= {"architecture": "all", "runs": len(last)}
    reason = NO_CHOICE if len(last) == last["architecture"].nunique() else ""
    for method, outcomes in measured.items():
        if outcomes:
            records.append(_record(key, method, all_architectures(outcomes, errors.noise.covariance), reason))
    return records


def _claimed_records(key: Record, last: pd.DataFrame, best: pd.DataFrame) -> list[Record]:
    records, claims = [], []
    for architecture, runs in last.groupby("architecture", observed=True):
        claims.append(apparent_gains(runs, best[best["architecture"] == architecture]))
        mine = {**key, "architecture": str(architecture), "runs": len(runs), "reason": "no test set"}
        records += [{**mine, "method": method, "apparent_gain": gain} for method, gain in claims[-1].items()]
    together = {**key, "architecture": "all", "runs": len(last), "reason": "no test set"}
    means = pd.DataFrame(claims).mean()
    return records + [{**together, "method": method, "apparent_gain": float(gain)} for method, gain in means.items()]


def _generator(seed: int, *name: str | int) -> np.random.Generator:
    return numpy_generator(seed_for(seed, "gain", *name))


def _record(key: Record, method: str, outcome: Outcome | None, reason: str) -> Record:
    values = {"test_error": None, "gain": None, "apparent_gain": np.nan}
    if outcome is not None:
        values = {"test_error": outcome.error, "gain": outcome.gain, "apparent_gain": outcome.apparent}
    return {**key, "method": method, **values, "reason": reason}
