"""Test error and gain of one way of choosing, for one architecture and over architectures, with both variances."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.statistics.intervals import Estimate, between_variance, rescaled
from understudy.statistics.tie_breaking import choose_again

Array = np.ndarray

SWAPPED = 1 / 3
"""Correlation between the two errors of an oracle that chooses on one half of the images and measures on the other.

The halves are different images, but where both choose the same run, each measures it on the images that it won on. For
n equal runs of independent errors, of which the best lies m standard deviations below the mean, the correlation is
m^2 / n + m^2 / (n (n - 1)) = m^2 / (n - 1): 0.32, 0.36, 0.34, 0.26 for n = 2, 3, 5, 10.
"""


@dataclass(frozen=True)
class Snapshots:
    """One snapshot of each of n runs: test errors, float64 [n], and positions in the covariance, int [n]."""

    errors: Array
    rows: Array


@dataclass(frozen=True)
class Outcome:
    """A method's test error and gain for one architecture.

    ``weights``: the gain and the error as linear forms of the kept snapshots' errors, float64 [2, R], each with the
    fraction of the test images it is measured on: one with all of them, or two with about half.
    """

    error: Estimate
    gain: Estimate
    apparent: float
    weights: list[tuple[float, Array]]


@dataclass(frozen=True)
class RunSpread:
    """Variances between an architecture's runs, for two snapshots of each, and their degrees of freedom.

    ``usual``: of the true errors of the last snapshots; ``taken``: of those that a method takes; ``gained``: of the
    difference.
    """

    usual: float
    taken: float
    gained: float
    degrees: int


def run_spread(groups: Sequence[tuple[Snapshots, Snapshots]], covariance: Array) -> RunSpread:
    """Pool the variance between runs over architectures: `groups` are (last, taken) snapshots of each one's runs.

    Pooled, because a run that was chosen and happens to stand out in the test would widen its own interval: with few
    runs a gain of nothing would then cover 0 in 99 of 100 studies.
    """
    usual = [(u.errors, covariance[np.ix_(u.rows, u.rows)]) for u, _ in groups]
    taken = [(t.errors, covariance[np.ix_(t.rows, t.rows)]) for _, t in groups]
    gained = [(u.errors - t.errors, _difference_covariance(u, t, covariance)) for u, t in groups]
    degrees = sum(len(u.errors) - 1 for u, _ in groups)
    return RunSpread(between_variance(usual), between_variance(taken), between_variance(gained), degrees)


@dataclass(frozen=True)
class Runs:
    """An architecture's runs: the last snapshot of each, the one that a method takes of it, and what is known of both.

    ``covariance``: sampling covariance of the kept snapshots' errors, float64 [R, R].
    """

    last: Snapshots
    taken: Snapshots
    covariance: Array
    spread: RunSpread

    def average(self, apparent: float) -> Outcome:
        """Outcome of a method that takes one snapshot of every run; its figures are means over runs."""
        last, taken, n, units = self.last, self.taken, len(self.taken.errors), self.spread.degrees + 1
        of_errors = float(self.covariance[np.ix_(taken.rows, taken.rows)].mean())
        of_gains = float(_difference_covariance(last, taken, self.covariance).mean())
        error = Estimate(float(taken.errors.mean()), of_errors, self.spread.taken / n, units)
        gain = Estimate(float((last.errors - taken.errors).mean()), of_gains, self.spread.gained / n, units)
        return Outcome(error, gain, apparent, [(1.0, self._forms(taken.rows))])

    def choose(self, ranks: Array, apparent: float, n_resamples: int, rng: np.random.Generator) -> Outcome:
        """Outcome of a method that takes the run of the lowest rank, int [n].

        The sampling variance is that of the paired difference on the test images. The variance over runs comes from
        resampling the runs and choosing again, with test errors rescaled to the spread of true ones, times n / (n - 1).
        The one run of an architecture whose others failed varies as runs do.
        """
        last, taken, spread = self.last, self.taken, self.spread
        n, chosen, units = len(ranks), int(np.argmin(ranks)), spread.degrees + 1
        forms = self._forms(taken.rows[[chosen]])
        touched = np.union1d(last.rows, taken.rows)
        covariance = self.covariance[np.ix_(touched, touched)]
        sampling = np.einsum("ir,rs,is->i", forms[:, touched], covariance, forms[:, touched])
        between = np.array([spread.gained, spread.taken])  # of one run, which was not chosen among others
        if n > 1:
            usual, picked = rescaled(last.errors, spread.usual), rescaled(taken.errors, spread.taken)
            resampled, again = choose_again(ranks, n_resamples, rng)
            between[0] = np.var(usual[resampled].mean(axis=1) - picked[again]) * n / (n - 1)
            between[1] = np.var(picked[again]) * n / (n - 1)
        error = Estimate(float(taken.errors[chosen]), float(sampling[1]), float(between[1]), units)
        value = float(last.errors.mean() - taken.errors[chosen])
        return Outcome(error, Estimate(value, float(sampling[0]), float(between[0]), units), apparent, [(1.0, forms)])

    def _forms(self, taken: Array) -> Array:
        """Gain and error, means over the snapshots in the rows `taken`, as linear forms: float64 [2, R]."""
        last, error = np.zeros(len(self.covariance)), np.zeros(len(self.covariance))
        np.add.at(error, taken, 1 / len(taken))
        np.add.at(last, self.last.rows, 1 / len(self.last.rows))
        return np.stack([last - error, error])


def _difference_covariance(first: Snapshots, second: Snapshots, covariance: Array) -> Array:
    rows = np.concatenate([first.rows, second.rows])
    contrast = np.hstack([np.eye(len(first.rows)), -np.eye(len(second.rows))])  # [n, 2n]
    return contrast @ covariance[np.ix_(rows, rows)] @ contrast.T


def over_halves(parts: list[tuple[float, Outcome]]) -> Outcome:
    """Join the outcomes measured on two halves of the images, each with its fraction of them."""

    def combined(name: str) -> Estimate:
        found = [(fraction, getattr(outcome, name)) for fraction, outcome in parts]
        among = float(np.prod([fraction * np.sqrt(max(e.sampling_variance, 0.0)) for fraction, e in found]))
        return Estimate(
            sum(fraction * e.value for fraction, e in found),
            sum(fraction**2 * e.sampling_variance for fraction, e in found) + 2 * SWAPPED * among,
            sum(fraction * e.between_variance for fraction, e in found),
            found[0][1].units,
        )

    weights = [(fraction, outcome.weights[0][1]) for fraction, outcome in parts]
    apparent = sum(fraction * outcome.apparent for fraction, outcome in parts)
    return Outcome(combined("error"), combined("gain"), apparent, weights)


def all_architectures(outcomes: list[Outcome], covariance: Array) -> Outcome:
    """Mean over architectures, which count as drawn from a population of such architectures.

    Their spread includes that between runs, each having runs of its own; where few architectures show too little of it,
    the variance over runs alone is a floor.
    """
    if len(outcomes) == 1:
        return outcomes[0]
    estimates = []
    for form, name in enumerate(("gain", "error")):
        values = np.array([getattr(outcome, name).value for outcome in outcomes])
        covariances = np.zeros((len(outcomes), len(outcomes)))
        for part in range(len(outcomes[0].weights)):
            fraction = outcomes[0].weights[part][0]
            forms = np.stack([outcome.weights[part][1][form] for outcome in outcomes])  # [A, R]
            covariances += fraction * forms @ covariance @ forms.T
        if len(outcomes[0].weights) == 2:
            covariances += SWAPPED * np.diag(np.diag(covariances))
        runs_only = sum(getattr(outcome, name).between_variance for outcome in outcomes) / len(outcomes) ** 2
        between = max(between_variance([(values, covariances)]) / len(values), runs_only)
        sampling = float(covariances.sum()) / len(values) ** 2
        estimates.append(Estimate(float(values.mean()), sampling, between, len(values), shared=True))
    apparent = float(np.mean([outcome.apparent for outcome in outcomes]))
    return Outcome(estimates[1], estimates[0], apparent, [])
