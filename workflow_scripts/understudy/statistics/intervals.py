"""Intervals for means and choices among models that were measured on the same images.

A figure has two sources of error that must be told apart: the images (known exactly, a covariance: see
`understudy.statistics.sampling_covariance`) and the units, that is the runs or architectures that happened to be
trained. The spread between measured units contains the error of the images' sampling already; adding both would count
it twice and make intervals of models that don't differ far too wide. So it is subtracted from that spread first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

Array = np.ndarray

LEVEL = 0.95
"""Of every two-sided interval."""

SIGNIFICANCE = 0.05
"""Variance between units is counted where images alone would show as much in fewer studies than this."""


@dataclass(frozen=True)
class Estimate:
    """A value with the variance that images give it and the variance that units (runs, architectures) give it.

    ``units``: how many units the variance between them was estimated from: its degrees of freedom and one. ``shared``:
    whether other draws of the splits reuse the same units (architectures), or train new ones (runs).
    """

    value: float
    sampling_variance: float = 0.0
    between_variance: float = 0.0
    units: float = 0
    shared: bool = False

    def interval(self) -> tuple[float, float]:
        """Two-sided interval (low, high), with Student's quantile for Satterthwaite's degrees of freedom.

        The sampling variance rests on many images and counts as known; that between units has units - 1 degrees.
        """
        total = max(self.sampling_variance, 0.0) + self.between_variance
        quantile = stats.norm.ppf(0.5 + LEVEL / 2)
        if self.between_variance > 0 and self.units >= 2:
            degrees = (self.units - 1) * (total / self.between_variance) ** 2
            quantile = stats.t.ppf(0.5 + LEVEL / 2, degrees)
        reach = float(quantile) * float(np.sqrt(total))
        return self.value - reach, self.value + reach


def wilson_interval(error: float, images: float) -> tuple[float, float]:
    """Two-sided interval (low, high) of an error measured on `images` images, or on as many effective ones."""
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    middle = (error + z**2 / (2 * images)) / (1 + z**2 / images)
    reach = z * np.sqrt(error * (1 - error) / images + z**2 / (4 * images**2)) / (1 + z**2 / images)
    return max(float(middle - reach), 0.0), min(float(middle + reach), 1.0)


def between_variance(groups: Sequence[tuple[Array, Array]]) -> float:
    """Variance between units within groups beyond the sampling of images, pooled over groups of (values, covariance).

    For one group of n values with sampling covariance C, E[S^2] = sigma^2 + (tr C - 1'C1/n) / (n - 1) is solved for
    sigma^2. It is counted only where sampling alone would show as much spread in fewer than 5 % of all studies
    (chi-squared test), else the units count as equal: the positive part of an uncertain estimate is too large on
    average, and largest just when an interval is far off already.

    Parameters
    ----------
    groups
        Values, float [n], and their sampling covariance, float [n, n], of each group.
    """
    degrees, excess, statistic = 0, 0.0, 0.0
    for values, covariance in groups:
        n = len(values)
        sampling = (np.trace(covariance) - covariance.sum() / n) / max(n - 1, 1)
        squares = float(((values - np.mean(values)) ** 2).sum())
        degrees += n - 1
        excess += squares - (n - 1) * sampling
        if squares > 0:
            statistic += squares / sampling if sampling > 0 else np.inf
    if degrees == 0 or stats.chi2.sf(statistic, degrees) > SIGNIFICANCE:
        return 0.0
    return max(excess / degrees, 0.0)


def mean_over_units(values: Array, covariance: Array) -> Estimate:
    """Estimate the mean over a population of units, which draws share, from n of them measured on the same images.

    Its variance is 1'C1/n^2 from the images and sigma^2/n from the units, sigma^2 by `between_variance`.
    """
    n = len(values)
    between = between_variance([(values, covariance)])
    return Estimate(float(np.mean(values)), float(covariance.sum()) / n**2, between / n, n, shared=True)


def rescaled(values: Array, variance: float) -> Array:
    """Values about their mean with the sample variance `variance`: float [n]. Equal values stay equal."""
    spread = float(np.var(values, ddof=1)) if len(values) > 1 else 0.0
    return values.mean() + (np.sqrt(variance / spread) if spread > 0 else 0.0) * (values - values.mean())


def shrunken(values: Array, covariance: Array) -> Array:
    """Values pulled towards their mean until their spread is that of the true values: float [n].

    Resampling measured values would carry their sampling error along; resampling these doesn't.
    """
    return rescaled(values, between_variance([(values, covariance)]))


def paired_difference(first: Estimate, second: Estimate, sampling_variance: float) -> Estimate:
    """First less second, measured on the same images with this variance of their paired difference.

    The units of the two count as sampled independently of each other.
    """
    both = (first, second)
    between = first.between_variance + second.between_variance
    units = _units([(e.between_variance, e.units - 1 if e.units > 1 else np.inf) for e in both])
    return Estimate(first.value - second.value, sampling_variance, between, units, first.shared or second.shared)


def combine_draws(estimates: Sequence[Estimate], overlap: float = 1.0) -> Estimate:
    """Mean over n draws of the splits.

    Draws are drawn from one pool of images: sampling errors of variance v of two draws are correlated by ``overlap``,
    the fraction of images that they have in common, so that the variance of the mean is v (1 + (n - 1) overlap) / n.
    Variance of units that draws share does not shrink either, nor does it part the draws; runs are trained anew in each
    draw. A spread between draws beyond all this (other training images, another generator) is added.
    """
    count = len(estimates)
    values = np.array([e.value for e in estimates])
    sampling = float(np.mean([e.sampling_variance for e in estimates]))
    between = float(np.mean([e.between_variance for e in estimates]))
    spread = float(np.var(values, ddof=1)) if count > 1 else 0.0
    shared = all(e.shared for e in estimates)
    extra = max(spread - (1 - overlap) * sampling - (0.0 if shared else between), 0.0) / count
    of_units = between / (1 if shared else count)
    degrees = [e.units - 1 for e in estimates if e.units > 1]
    parts = [(of_units, (min(degrees) if shared else sum(degrees)) if len(degrees) == count else np.inf)]
    parts += [(extra, count - 1)] if extra > 0 else []
    sampling *= (1 + (count - 1) * overlap) / count
    return Estimate(float(values.mean()), sampling, of_units + extra, _units(parts), shared)


def _units(parts: Sequence[tuple[float, float]]) -> float:
    """How many units a sum of variances is worth, from (variance, degrees of freedom) of each: Satterthwaite's.

    0, for a variance that counts as known, where all have infinite degrees of freedom.
    """
    doubt = sum(variance**2 / freedom for variance, freedom in parts)
    return sum(variance for variance, _ in parts) ** 2 / doubt + 1 if doubt > 0 else 0
