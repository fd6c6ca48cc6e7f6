"""What early stopping and random seed selection gain: the table `selection_gain` (sections 4.2.1-4.2.2, appendix D)."""

from functools import partial

import numpy as np
import pandas as pd

from understudy.seeds import numpy_generator, seed_for
from understudy.selection.aggregation import Record, to_frame, with_aggregates
from understudy.selection.estimators import Outcome, all_architectures
from understudy.selection.methods import METHODS, FamilyRuns, apparent_gains
from understudy.selection.split_errors import StudyErrors

KEYS = ["split", "generator", "family", "architecture", "method"]
INTERVALS = {"test_error": ("error_ci_low", "error_ci_high", 0.0), "gain": ("ci_low", "ci_high", -1.0)}
NO_CHOICE = "one run: nothing to choose among seeds"


def selection_gain(study: StudyErrors, *, seed: int, n_resamples: int = 10_000) -> pd.DataFrame:
    """Build the table `selection_gain`: what each method of choosing snapshots and runs gains on test images.

    One row per draw, split, generator (or `validation`: subtrain runs chosen on the validation part), family,
    architecture (or `all`: the mean over the family's) and method. `gain` is the baseline's test error less the
    method's; `ci_low` and `ci_high` are its 95 % interval over images and runs (for `all`: and architectures);
    `error_ci_low` and `error_ci_high` that of `test_error`. `apparent_gain` is what the selection images claim.

    Parameters
    ----------
    study
        Any number of draws, splits and sets; without a test set all test columns and the oracle are left out.
    seed
        Seed of the resampling of runs.
    n_resamples
        How often the runs are resampled.

    Raises
    ------
    StudyError
        Where a set lacks a class, or a run wasn't evaluated on a set or has no predictions on the test set.
    """
    records: list[Record] = []
    for errors in study.splits():
        for name, regime in errors.selection_sets:
            last, best = (errors.part(rows, name, regime) for rows in (errors.last, errors.best))
            key = {"draw": errors.draw, "split": errors.split, "generator": name}
            for family in last["family"].unique():
                mine = (rows[rows["family"] == family] for rows in (last, best))
                runs = FamilyRuns(errors, *mine, n_resamples)
                records += _family_records({**key, "family": str(family)}, runs, seed)
    rows = with_aggregates(records, KEYS, study.overlaps())
    return to_frame("selection_gain", rows, INTERVALS, study.test is not None, study.metric)


def _family_records(key: Record, runs: FamilyRuns, seed: int) -> list[Record]:
    if runs.errors.test is None:
        return _claimed_records(key, runs.last, runs.best)
    spreads = runs.spreads()
    records: list[Record] = []
    measured: dict[str, list[Outcome]] = {method: [] for method in METHODS}
    for architecture, count in runs.last.groupby("architecture", observed=True).size().items():
        mine = {**key, "architecture": str(architecture), "runs": int(count)}
        rng_of = partial(_rng, seed, *key.values(), str(architecture))
        for method, outcome in runs.outcomes(str(architecture), spreads, rng_of).items():
            if outcome is not None:
                measured[method].append(outcome)
            reason = NO_CHOICE if count == 1 else ""
            reason = reason if outcome else "the test counts have no halves"
            records.append(_record(mine, method, outcome, reason))
    together = {**key, "architecture": "all", "runs": len(runs.last)}
    reason = NO_CHOICE if len(runs.last) == runs.last["architecture"].nunique() else ""
    covariance = runs.errors.covariance
    return records + [
        _record(together, method, all_architectures(outcomes, covariance), reason)
        for method, outcomes in measured.items()
        if outcomes
    ]


def _claimed_records(key: Record, last: pd.DataFrame, best: pd.DataFrame) -> list[Record]:
    records, claims = [], []
    for architecture, runs in last.groupby("architecture", observed=True):
        claims.append(apparent_gains(runs, best[best["architecture"] == architecture]))
        mine = {**key, "architecture": str(architecture), "runs": len(runs), "reason": "no test set"}
        records += [{**mine, "method": method, "apparent_gain": gain} for method, gain in claims[-1].items()]
    together = {**key, "architecture": "all", "runs": len(last), "reason": "no test set"}
    means = pd.DataFrame(claims).mean()
    return records + [{**together, "method": method, "apparent_gain": float(gain)} for method, gain in means.items()]


def _rng(seed: int, *name: str | int) -> np.random.Generator:
    return numpy_generator(seed_for(seed, "gain", *name))


def _record(key: Record, method: str, outcome: Outcome | None, reason: str) -> Record:
    values = dict.fromkeys(("test_error", "gain", "apparent_gain"), np.nan)
    if outcome is not None:
        values = {"test_error": outcome.error, "gain": outcome.gain, "apparent_gain": outcome.apparent}
    return {**key, "method": method, **values, "reason": reason}
