"""Test error and gain of one way of choosing, for one architecture and over architectures, with both variances."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.statistics.bootstrap import bootstrap_choices
from understudy.statistics.intervals import Estimate, rescaled, unit_variance

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
    share of the test images it is measured on: one with all of them, or two with about half.
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
    return RunSpread(unit_variance(usual), unit_variance(taken), unit_variance(gained), degrees)


def average(baseline: Snapshots, taken: Snapshots, apparent: float, covariance: Array, spread: RunSpread) -> Outcome:
    """Outcome of a method that takes one snapshot of every run; its figures are means over runs."""
    n, gain_weights, error_weights = len(taken.errors), np.zeros(len(covariance)), np.zeros(len(covariance))
    np.add.at(error_weights, taken.rows, 1 / n)
    np.add.at(gain_weights, baseline.rows, 1 / n)
    of_errors = float(covariance[np.ix_(taken.rows, taken.rows)].mean())
    of_gains = float(_difference_covariance(baseline, taken, covariance).mean())
    units = spread.degrees + 1
    return Outcome(
        Estimate(float(taken.errors.mean()), of_errors, spread.taken / n, units),
        Estimate(float((baseline.errors - taken.errors).mean()), of_gains, spread.gained / n, units),
        apparent,
        [(1.0, np.stack([gain_weights - error_weights, error_weights]))],
    )


def _difference_covariance(first: Snapshots, second: Snapshots, covariance: Array) -> Array:
    rows = np.concatenate([first.rows, second.rows])
    contrast = np.hstack([np.eye(len(first.rows)), -np.eye(len(second.rows))])  # [n, 2n]
    return contrast @ covariance[np.ix_(rows, rows)] @ contrast.T


def choose(
    baseline: Snapshots,
    taken: Snapshots,
    proxy: Array,
    apparent: float,
    covariance: Array,
    spread: RunSpread,
    generator: np.random.Generator,
    resamples: int,
) -> Outcome:
    """Outcome of a method that takes the run of the lowest `proxy` (float or int [n]).

    The image variance is that of the paired difference on the test images. The variance over runs comes from resampling
    the runs and choosing again, with test errors rescaled to the spread of true ones, times n / (n - 1). The one run of
    an architecture whose others failed varies as runs do.
    """
    n, chosen = len(proxy), int(np.argmin(proxy))
    error_weights, gain_weights = np.zeros(len(covariance)), np.zeros(len(covariance))
    error_weights[taken.rows[chosen]] = 1
    np.add.at(gain_weights, baseline.rows, 1 / n)
    weights = np.stack([gain_weights - error_weights, error_weights])
    touched = np.union1d(baseline.rows, taken.rows)
    noise = covariance[np.ix_(touched, touched)]
    image = np.einsum("ir,rs,is->i", weights[:, touched], noise, weights[:, touched])
    unit = np.array([spread.gained, spread.taken])  # of one run, which was not chosen among others
    if n > 1:
        usual, picked = rescaled(baseline.errors, spread.usual), rescaled(taken.errors, spread.taken)
        resampled, again = bootstrap_choices(proxy, resamples, generator)
        unit[0] = np.var(usual[resampled].mean(axis=1) - picked[again]) * n / (n - 1)
        unit[1] = np.var(picked[again]) * n / (n - 1)
    units = spread.degrees + 1
    error = Estimate(float(taken.errors[chosen]), float(image[1]), float(unit[1]), units)
    value = float(baseline.errors.mean() - taken.errors[chosen])
    return Outcome(error, Estimate(value, float(image[0]), float(unit[0]), units), apparent, [(1.0, weights)])


def over_halves(parts: list[tuple[float, Outcome]]) -> Outcome:
    """Join the outcomes measured on two halves of the images, each with its share of them."""

    def combined(name: str) -> Estimate:
        found = [(share, getattr(outcome, name)) for share, outcome in parts]
        among = float(np.prod([share * np.sqrt(max(e.image_variance, 0.0)) for share, e in found]))
        return Estimate(
            sum(share * e.value for share, e in found),
            sum(share**2 * e.image_variance for share, e in found) + 2 * SWAPPED * among,
            sum(share * e.unit_variance for share, e in found),
            found[0][1].units,
        )

    weights = [(share, outcome.weights[0][1]) for share, outcome in parts]
    apparent = sum(share * outcome.apparent for share, outcome in parts)
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
        noise = np.zeros((len(outcomes), len(outcomes)))
        for part in range(len(outcomes[0].weights)):
            share = outcomes[0].weights[part][0]
            forms = np.stack([outcome.weights[part][1][form] for outcome in outcomes])  # [A, R]
            noise += share * forms @ covariance @ forms.T
        if len(outcomes[0].weights) == 2:
            noise += SWAPPED * np.diag(np.diag(noise))
        runs_only = sum(getattr(outcome, name).unit_variance for outcome in outcomes) / len(outcomes) ** 2
        unit = max(unit_variance([(values, noise)]) / len(values), runs_only)
        image = float(noise.sum()) / len(values) ** 2
        estimates.append(Estimate(float(values.mean()), image, unit, len(values), shared=True))
    apparent = float(np.mean([outcome.apparent for outcome in outcomes]))
    return Outcome(estimates[1], estimates[0], apparent, [])
