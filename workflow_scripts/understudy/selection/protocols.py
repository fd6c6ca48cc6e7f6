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
from understudy.statistics.bootstrap import bootstrap_choices
from understudy.statistics.intervals import Estimate, mean_over_units, shrunken, unit_variance

Array = np.ndarray

ONE_RUN = "one run an architecture: the interval leaves out the variation between runs"
"""A figure's reason where a protocol's choice has no second run to tell how such runs vary."""


@dataclass(frozen=True)
class Pool:
    """The candidates of one draw and split: a family's, or all.

    An architecture is a candidate if it has full runs: what is chosen is to be trained, and is judged, on all images.
    """

    errors: SplitErrors
    family: str | None

    @property
    def families(self) -> list[str]:
        """The families in the pool."""
        return list(self.errors.last["family"].unique()) if self.family is None else [self.family]

    def part(self, snapshots: pd.DataFrame, name: str, regime: str) -> pd.DataFrame:
        """Rows of `snapshots` on a set for the candidates' runs of a regime, as `SplitErrors.part` sorts them."""
        rows = self.errors.part(snapshots, name, regime, self.family)
        return rows[rows["architecture"].isin(self._trained["full"])].reset_index(drop=True)

    @property
    def architectures(self) -> list[str]:
        """The candidates' names, sorted."""
        return sorted(self._trained["full"])

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
    def _trained(self) -> dict[str, set[str]]:
        """Architectures that have snapshots, by regime."""
        rows = self.errors.last[self.errors.last["family"].isin(self.families)]
        names = rows["architecture"].astype(str)
        return {regime: set(names[rows["regime"] == regime]) for regime in ("full", "subtrain")}


@dataclass(frozen=True)
class Chosen:
    """What a protocol chose and how it does; the estimates are None without a test set.

    ``regret``: value, low, high. ``architecture_error``: mean test error of the full runs of the chosen architecture.
    ``weights``: the test error as a linear form of the kept snapshots' errors, float64 [R]. ``runs``: of how many runs
    of its architecture the variation between runs is told; 0 where it isn't needed.
    """

    selected: str
    architecture: str
    epoch: int | None
    choosing_error: float
    error: Estimate | None = None
    regret: tuple[float, float, float] | None = None
    architecture_error: float = np.nan
    weights: Array | None = None
    runs: int = 0


@dataclass(frozen=True)
class Architectures:
    """Architectures' mean test errors over their full runs, [A]; image covariance, [A, A]; variance from runs, [A].

    ``weights``: the means as linear forms of the kept snapshots' errors, float64 [A, R].
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
        errors, rows = runs["test_error"].to_numpy(), runs["noise_row"].to_numpy()
        noise = pool.errors.noise.covariance[np.ix_(rows, rows)]
        means = means_over(members)
        weights = np.zeros((len(means), len(pool.errors.noise.covariance)))
        weights[:, rows] = means
        names = sorted(set(members))
        of_runs = [
            unit_variance([(errors[members == name], noise[np.ix_(members == name, members == name)])])
            for name in names
        ]
        counts = np.array([(members == name).sum() for name in names])
        return cls(names, means @ errors, means @ noise @ means.T, np.array(of_runs) / counts, counts, weights)


def random_protocol(pool: Pool, architectures: Architectures | None) -> Chosen:
    """Select at random: the mean over architectures of their mean over runs."""
    if architectures is None:
        return Chosen("mean of all", "", None, np.nan)
    a = architectures
    count = len(a.names)
    error = mean_over_units(a.errors, a.covariance, shared=True)
    contrast = np.full((count, count), 1 / count) - np.eye(count)
    variances = np.einsum("ia,ab,ib->i", contrast, a.covariance, contrast) + contrast**2 @ a.run_variances
    regret = regret_interval(contrast @ a.errors, variances)
    return Chosen("mean of all", "", None, np.nan, error, regret, error.value, a.weights.mean(axis=0))


def standard_protocol(
    pool: Pool, architectures: Architectures | None, generator: np.random.Generator, resamples: int
) -> Chosen | None:
    """Choose the architecture of the best mean validation accuracy of its subtrain runs; None without such runs."""
    validated = pool.part(pool.errors.last, "validation", "subtrain")
    if validated.empty:
        return None
    best = best_architecture(validated).iloc[0]
    name = str(best["architecture"])
    if architectures is None:
        return Chosen(name, name, None, float(best["error"]))
    a = architectures
    k = a.names.index(name)
    # Again with other subtrain runs: which architecture would have been chosen, and how good is it?
    again = _architectures_chosen_again(validated, a.names, generator, resamples)
    true = shrunken(a.errors, a.covariance)
    unit = float(np.var(true[again])) + a.run_variances[k]
    error = Estimate(float(a.errors[k]), float(a.covariance[k, k]), unit, int(a.runs[k]))
    difference = a.covariance[k, k] + np.diag(a.covariance) - 2 * a.covariance[k]
    entries = a.run_variances + a.run_variances[k]
    entries[k] = 0
    choice = float(np.var(true[again] - true.min()))
    regret = regret_interval(a.errors[k] - a.errors, difference + entries + choice)
    return Chosen(name, name, None, float(best["error"]), error, regret, error.value, a.weights[k], int(a.runs[k]))


def snapshot_protocol(
    pool: Pool,
    name: str,
    regime: str,
    architectures: Architectures | None,
    generator: np.random.Generator,
    resamples: int,
) -> Chosen:
    """Choose architecture, run and epoch with the set `name`: the synthetic protocol, or the validation alternative."""
    errors = pool.errors
    best = pool.part(errors.best, name, regime)
    top = best_candidate(best).iloc[0]
    architecture = str(top["architecture"])
    selected = f"{top['run']}@{top['epoch']}"
    choosing_error = float(top["errors"] / top["images"])
    if architectures is None:
        return Chosen(selected, architecture, int(top["epoch"]), choosing_error)
    measured, rows = best["test_error"].to_numpy(), best["noise_row"].to_numpy()
    k = int(np.flatnonzero(best["run"] == top["run"])[0])
    noise = errors.noise.covariance
    true = shrunken(measured, noise[np.ix_(rows, rows)])
    again = _runs_chosen_again(best, generator, resamples)
    sizes = best.groupby("architecture", observed=True).size()
    correction = sizes[architecture] / max(sizes[architecture] - 1, 1)
    unit = float(np.var(true[again])) * correction
    error = Estimate(float(measured[k]), float(noise[rows[k], rows[k]]), unit, int(sizes[architecture]))
    regret = _snapshot_regret(pool, float(measured[k]), int(rows[k]), unit, among=regime == "full")
    mean = float(architectures.errors[architectures.names.index(architecture)])
    weights = np.zeros(len(noise))
    weights[rows[k]] = 1
    runs = int(sizes[architecture])
    return Chosen(selected, architecture, int(top["epoch"]), choosing_error, error, regret, mean, weights, runs)


def _snapshot_regret(pool: Pool, error: float, row: int, unit: float, among: bool) -> tuple[float, float, float]:
    """Regret against the best snapshot of each full run by test error; a run's kept neighbour lends its noise.

    The chosen snapshot is `among` these unless it is of a subtrain run.
    """
    errors = pool.errors
    entries = pool.part(errors.best, errors.test, "full")
    rows = entries["noise_row"].to_numpy()
    noise = errors.noise.covariance
    differences = error - entries["test_error"].to_numpy()
    paired = noise[row, row] + noise[rows, rows] - 2 * noise[row, rows]
    # Errors that differ by d must part on |d| of the images at least, whatever the neighbour's noise says.
    variances = np.maximum(paired, np.abs(differences) / errors.noise.images) + unit
    if among:  # itself
        differences, variances = np.append(differences, 0.0), np.append(variances, 0.0)
    return regret_interval(differences, variances, among=among)


def _runs_chosen_again(best: pd.DataFrame, generator: np.random.Generator, resamples: int) -> Array:
    """Resample each architecture's runs and choose among all: positions in `best`, int [resamples]."""
    order = best.sort_values(["errors", "architecture", "seed"], kind="stable").index.to_numpy()
    place = np.empty(len(best), dtype=int)
    place[order] = np.arange(len(best))
    winner = np.full(resamples, len(best))
    for _, members in best.groupby("architecture", observed=True).indices.items():
        _, chosen = bootstrap_choices(place[members], resamples, generator)
        winner = np.minimum(winner, place[members][chosen])
    return order[winner]


def _architectures_chosen_again(
    validated: pd.DataFrame, names: list[str], generator: np.random.Generator, resamples: int
) -> Array:
    """Resample each architecture's subtrain runs and choose by their mean: positions in `names`, int [resamples]."""
    means = np.full((resamples, len(names)), np.inf)
    for architecture, members in validated.groupby("architecture", observed=True).indices.items():
        resampled = generator.integers(len(members), size=(resamples, len(members)))
        means[:, names.index(str(architecture))] = validated["error"].to_numpy()[members][resampled].mean(axis=1)
    return means.round(12).argmin(axis=1)  # equal means tie, and the first name is chosen
