"""The protocols that choose one model out of all: random, standard, synthetic, and the validation alternative.

Section 4.2.3 and appendix C. The first two choose an architecture and are scored by the mean test error of its runs on
the full train file; the last two choose one snapshot of one run.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from understudy.selection.choices import best_architecture, best_candidate
from understudy.selection.rank_preservation import means_over
from understudy.selection.regret import regret_interval
from understudy.selection.split_errors import SplitErrors
from understudy.statistics.intervals import Estimate, between_variance, mean_over_units, shrunken
from understudy.statistics.tie_breaking import best_columns, best_first, choose_again, ranks

Array = np.ndarray

ONE_RUN = "one run an architecture: the interval leaves out the variation between runs"
"""A figure's reason where a protocol's choice has no second run to tell how such runs vary."""


@dataclass(frozen=True)
class Pool:
    """The candidates of one draw and split: those of a family, or `all`.

    An architecture is a candidate if it has full runs: what is chosen is to be trained, and is judged, on all images.
    """

    errors: SplitErrors
    family: str

    def part(self, snapshots: pd.DataFrame, name: str, regime: str) -> pd.DataFrame:
        """Rows of `snapshots` on a set for the candidates' runs of a regime, as `SplitErrors.part` sorts them."""
        rows = self.errors.part(snapshots, name, regime, None if self.family == "all" else self.family)
        return rows[rows["architecture"].isin(self._trained["full"])].reset_index(drop=True)

    @property
    def architectures(self) -> list[str]:
        """The candidates' names, sorted."""
        return sorted(self._trained["full"])

    @property
    def runs(self) -> int:
        """How many full runs the pool has."""
        return self._last.loc[self._last["regime"] == "full", "run"].nunique()

    def left_out(self, regime: str) -> list[str]:
        """Say which architectures could not be chosen with runs of this regime, and why; empty where all could.

        All runs of an architecture may fail before their first snapshot, in one regime or in both; it then has no
        counts there.
        """
        full, subtrain = self._trained["full"], self._trained["subtrain"]
        lacking = {"full": subtrain - full, "subtrain": full - subtrain if regime == "subtrain" else set()}
        return [
            f"left out, no {missing} run succeeded: {', '.join(sorted(names))}"
            for missing, names in lacking.items()
            if names
        ]

    @cached_property
    def _last(self) -> pd.DataFrame:
        last = self.errors.last
        return last if self.family == "all" else last[last["family"] == self.family]

    @cached_property
    def _trained(self) -> dict[str, set[str]]:
        """Architectures that have snapshots, by regime."""
        names = self._last["architecture"].astype(str)
        return {regime: set(names[self._last["regime"] == regime]) for regime in ("full", "subtrain")}


@dataclass(frozen=True)
class Chosen:
    """What a protocol chose and how it does: nothing where `selected` is empty; no estimates without a test set.

    ``regret``: value, low, high. ``architecture_error``: mean test error of the full runs of the chosen architecture.
    ``weights``: the test error as a linear form of the kept snapshots' errors, float64 [R]. ``runs``: of how many runs
    of its architecture the variation between runs is told; 0 where it isn't needed.
    """

    selected: str = ""
    architecture: str = ""
    epoch: float = np.nan
    choosing_error: float = np.nan
    error: Estimate | None = None
    regret: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    architecture_error: float = np.nan
    weights: Array | None = None
    runs: int = 0


@dataclass(frozen=True)
class Architectures:
    """Architectures' mean test errors over their full runs, [A]; sampling covariance, [A, A]; variance from runs, [A].

    ``runs``: how many runs each has, int [A]; ``weights``: the means as linear forms of the kept snapshots' errors,
    float64 [A, R].
    """

    names: list[str]
    errors: Array
    covariance: Array
    run_variances: Array
    runs: Array
    weights: Array

    @classmethod
    def of(cls, pool: Pool) -> "Architectures":
        """Average the pool's full runs at their last snapshots."""
        runs = pool.part(pool.errors.last, pool.errors.test, "full")
        members = runs["architecture"].astype(str).to_numpy()
        errors, rows = runs["test_error"].to_numpy(), runs["covariance_row"].to_numpy()
        covariance = pool.errors.covariance[np.ix_(rows, rows)]
        names, means = means_over(members)
        weights = np.zeros((len(means), len(pool.errors.covariance)))
        weights[:, rows] = means
        of_runs = [between_variance([(errors[mine], covariance[np.ix_(mine, mine)])]) for mine in means > 0]
        counts = (means > 0).sum(axis=1)
        return cls(names, means @ errors, means @ covariance @ means.T, np.array(of_runs) / counts, counts, weights)


def random_protocol(architectures: Architectures | None) -> Chosen:
    """Select at random: the mean over architectures of their mean over runs."""
    if architectures is None:
        return Chosen("mean of all")
    a = architectures
    count = len(a.names)
    error = mean_over_units(a.errors, a.covariance)
    contrast = np.full((count, count), 1 / count) - np.eye(count)
    variances = np.einsum("ia,ab,ib->i", contrast, a.covariance, contrast) + contrast**2 @ a.run_variances
    regret = regret_interval(contrast @ a.errors, variances)
    weights = a.weights.mean(axis=0)
    return Chosen("mean of all", error=error, regret=regret, architecture_error=error.value, weights=weights)


def standard_protocol(
    pool: Pool, architectures: Architectures | None, rng: np.random.Generator, n_resamples: int
) -> Chosen:
    """Choose the architecture of the best mean validation accuracy of its subtrain runs, if there are such runs."""
    validated = pool.part(pool.errors.last, "validation", "subtrain")
    if validated.empty:
        return Chosen()
    best = best_architecture(validated)
    name, choosing_error = str(best["architecture"]), float(best["error"])
    if architectures is None:
        return Chosen(name, name, choosing_error=choosing_error)
    a = architectures
    k = a.names.index(name)
    # Again with other subtrain runs: which architecture would have been chosen, and how good is it?
    again = _architectures_chosen_again(validated, a.names, rng, n_resamples)
    true = shrunken(a.errors, a.covariance)
    between = float(np.var(true[again])) + a.run_variances[k]
    error = Estimate(float(a.errors[k]), float(a.covariance[k, k]), between, int(a.runs[k]))
    difference = a.covariance[k, k] + np.diag(a.covariance) - 2 * a.covariance[k]
    entries = a.run_variances + a.run_variances[k]
    entries[k] = 0
    choice = float(np.var(true[again] - true.min()))
    regret = regret_interval(a.errors[k] - a.errors, difference + entries + choice)
    return Chosen(name, name, np.nan, choosing_error, error, regret, error.value, a.weights[k], int(a.runs[k]))


def snapshot_protocol(
    pool: Pool,
    name: str,
    regime: str,
    architectures: Architectures | None,
    rng: np.random.Generator,
    n_resamples: int,
) -> Chosen:
    """Choose architecture, run and epoch with the set `name`: the synthetic protocol, or the validation alternative."""
    errors = pool.errors
    best = pool.part(errors.best, name, regime)
    if best.empty:
        return Chosen()
    top = best_candidate(best)
    architecture = str(top["architecture"])
    choice = (f"{top['run']}@{top['epoch']}", architecture, float(top["epoch"]), float(top["errors"] / top["images"]))
    if architectures is None:
        return Chosen(*choice)
    measured, rows = best["test_error"].to_numpy(), best["covariance_row"].to_numpy()
    k = best.index.get_loc(top.name)
    covariance = errors.covariance
    true = shrunken(measured, covariance[np.ix_(rows, rows)])
    again = _runs_chosen_again(best, rng, n_resamples)
    runs = int((best["architecture"] == architecture).sum())
    between = float(np.var(true[again])) * (runs / max(runs - 1, 1))
    error = Estimate(float(measured[k]), float(covariance[rows[k], rows[k]]), between, runs)
    regret = _snapshot_regret(pool, float(measured[k]), int(rows[k]), between, among=regime == "full")
    mean = float(architectures.errors[architectures.names.index(architecture)])
    weights = np.zeros(len(covariance))
    weights[rows[k]] = 1
    return Chosen(*choice, error, regret, mean, weights, runs)


def _snapshot_regret(pool: Pool, error: float, row: int, between: float, among: bool) -> tuple[float, float, float]:
    """Regret against the best snapshot of each full run by test error; a run's kept neighbour lends its covariance.

    The chosen snapshot is `among` these unless it is of a subtrain run.
    """
    errors = pool.errors
    entries = pool.part(errors.best, errors.test, "full")
    rows = entries["covariance_row"].to_numpy()
    covariance = errors.covariance
    differences = error - entries["test_error"].to_numpy()
    paired = covariance[row, row] + covariance[rows, rows] - 2 * covariance[row, rows]
    # Errors that differ by d must part on |d| of the images at least, whatever the neighbour's covariance says.
    variances = np.maximum(paired, np.abs(differences) / errors.covariances[errors.test].images) + between
    if among:  # itself
        differences, variances = np.append(differences, 0.0), np.append(variances, 0.0)
    return regret_interval(differences, variances, among=among)


def _runs_chosen_again(best: pd.DataFrame, rng: np.random.Generator, n_resamples: int) -> Array:
    """Resample each architecture's runs and choose among all: positions in `best`, int [n_resamples]."""
    of_all = ranks(best)
    winner = np.full(n_resamples, len(best))
    for members in best.groupby("architecture", observed=True).indices.values():
        _, chosen = choose_again(of_all[members], n_resamples, rng)
        winner = np.minimum(winner, of_all[members][chosen])
    return best_first(best)[winner]


def _architectures_chosen_again(
    validated: pd.DataFrame, names: list[str], rng: np.random.Generator, n_resamples: int
) -> Array:
    """Resample each architecture's subtrain runs and choose by their mean: positions in `names`, int [n_resamples]."""
    means = np.full((n_resamples, len(names)), np.inf)
    for architecture, members in validated.groupby("architecture", observed=True).indices.items():
        resampled = rng.integers(len(members), size=(n_resamples, len(members)))
        means[:, names.index(str(architecture))] = validated["error"].to_numpy()[members][resampled].mean(axis=1)
    return best_columns(means.round(12), pd.DataFrame({"architecture": names}))  # equal means tie
