"""An interval for the Spearman correlation of *true* errors, from errors measured on images.

The estimand: models are drawn from a population of models; each has a true error on real images and one on synthetic
images (what infinitely many would give); the interval is for the Spearman correlation between the two over that
population. The sampling of images pulls the measured correlation towards zero, and a bootstrap of images and models
together adds sampling errors a second time, so its intervals lie too low when the truth is high.

The interval here inverts a parametric bootstrap. For a correlation rho of a Gaussian copula whose Spearman correlation
is (6/pi) arcsin(rho/2), studies are simulated: as many models, true errors distributed as the measured ones with their
sampling errors removed, and sampling errors put on again. The interval holds the rho for which the measured correlation
isn't among the 2.5 % most extreme of the simulated ones on either side: images and models vary, and the bias of the
sampling is part of the simulation, hence corrected. Models that come in groups (runs of one architecture) are simulated
in groups, as 170 runs of 17 architectures tell less than 170 unrelated models.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from understudy.statistics.intervals import LEVEL
from understudy.statistics.rank_correlation import spearman

Array = np.ndarray

FISHER = np.linspace(-4.0, 4.0, 33)
"""Spearman correlations to try, on Fisher's scale."""

LARGEST = float(np.tanh(FISHER[-1]))
"""The largest Spearman correlation tried, 0.9993; intervals that reach beyond it end at 1."""

COPULA = 2 * np.sin(np.pi / 6 * np.tanh(FISHER))
"""The copula correlation of each."""

REACH, SCORES = 4.5, 20_001
"""Normal scores are looked up in tables from -4.5 to 4.5."""


@dataclass(frozen=True)
class TrueSpearman:
    """Measured Spearman correlation, its value corrected for the sampling of images, and the latter's interval.

    ``corrected`` is the correlation whose median study shows the measured one. Where the data don't determine it, it is
    NaN and ``reason`` says why; the interval is then (-1, 1), or NaN too where nothing was measured.
    """

    measured: float
    corrected: float
    low: float
    high: float
    reason: str = ""


@dataclass(frozen=True)
class Side:
    """Errors of M models on one set: float64 [M], and their sampling covariance, [M, M]."""

    errors: Array
    covariance: Array


def true_spearman(
    real: Side,
    synthetic: Side,
    rng: np.random.Generator,
    *,
    groups: Array | None = None,
    n_resamples: int = 2_000,
) -> TrueSpearman:
    """Estimate the Spearman correlation of true errors over a population of models.

    Parameters
    ----------
    real, synthetic
        The models' errors on the two sets, in the same order; the sets' images are sampled independently.
    groups
        Int [M]: which models belong together (one architecture); None for unrelated models.
    n_resamples
        Simulated studies for each correlation of the grid.
    """
    measured = spearman(real.errors, synthetic.errors)
    if np.isnan(measured):
        return TrueSpearman(*[np.nan] * 4, "all models have the same error on one of the sets")
    clusters = np.arange(len(real.errors)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sides = [_Marginal.of(side, clusters) for side in (real, synthetic)]
    if any(side.variance <= 0 for side in sides):
        name = "real" if sides[0].variance <= 0 else "synthetic"
        reason = (
            f"the sampling of images explains all spread of the {name} errors: more images or more different models "
            "needed"
        )
        return TrueSpearman(measured, np.nan, -1.0, 1.0, reason)
    tail = (1 - LEVEL) / 2
    # The greatest correlation is the one whose lower quantile is the measured value, and the other way round.
    studies = _Studies(sides, clusters, n_resamples, rng, (1 - tail, 0.5, tail))
    low, corrected, high = (float(np.tanh(studies.crossing(q, measured))) for q in range(3))
    return TrueSpearman(measured, corrected, min(low, LARGEST), max(high, -LARGEST))


@dataclass(frozen=True)
class _Marginal:
    """What a simulated study needs of one side: the law of true errors and that of sampling errors.

    ``true`` and ``sampling``: the true error, centred, and the standard deviation of the independent part of the
    sampling error, both tabulated over normal scores, float32 [SCORES]. ``variance``: of the true errors;
    ``sampling_variance``: mean variance of the sampling errors; ``fraction``: part of the variance of the true errors'
    normal scores that lies between groups.
    """

    true: Array
    sampling: Array
    variance: float
    sampling_variance: float
    fraction: float

    @classmethod
    def of(cls, side: Side, clusters: Array) -> "_Marginal":
        n = len(side.errors)
        # Harder images shift or stretch all models' errors together, which moves no ranks: project both out of the
        # sampling covariance, and spread the loss of two degrees over the rest.
        common = np.stack([np.ones(n), side.errors], axis=1)
        rest = np.eye(n) - common @ np.linalg.pinv(common)
        own = np.clip(np.diag(rest @ side.covariance @ rest), 0, None) * n / (n - 2)
        spread = float(np.var(side.errors, ddof=1))
        sampling_variance = float(own.mean())
        variance = spread - sampling_variance
        order = np.argsort(side.errors, kind="stable")
        scores = np.linspace(-REACH, REACH, SCORES)
        position, models = special.ndtr(scores) * n - 0.5, np.arange(n)
        true = np.interp(position, models, side.errors[order] - side.errors.mean())
        # Interpolated between the measured values, a small sample's law is too narrow: scale it to the true variance.
        weights = np.exp(-(scores**2) / 2) / np.exp(-(scores**2) / 2).sum()
        true -= weights @ true
        true *= np.sqrt(max(variance, 0.0) / (weights @ true**2))
        # Beyond the extreme measured models the law is flat; a slope without weight keeps the order there.
        true += 1e-5 * np.sqrt(max(variance, 0.0)) * scores
        sampling = np.interp(position, models, np.sqrt(own[order]))
        fraction = _between_fraction(side.errors, clusters, sampling_variance / spread)
        return cls(true.astype(np.float32), sampling.astype(np.float32), variance, sampling_variance, fraction)


def _between_fraction(errors: Array, clusters: Array, sampling_fraction: float) -> float:
    """Intraclass correlation of the true errors' normal scores: variance between groups over the whole, in [0, 1]."""
    sizes = np.bincount(clusters)
    n, g = len(errors), len(sizes)
    if g == n or g < 2:
        return 0.0
    scores = special.ndtri((stats.rankdata(errors) - 0.5) / n)
    scores = scores / scores.std()
    means = np.bincount(clusters, scores) / sizes
    within = float(((scores - means[clusters]) ** 2).sum()) / (n - g)
    between = float((sizes * (means - scores.mean()) ** 2).sum()) / (g - 1)
    size = (n - (sizes**2).sum() / n) / (g - 1)
    among = max((between - within) / size, 0.0)
    inside = max(within - sampling_fraction, 0.0)
    return among / (among + inside) if among > 0 else 0.0


class _Studies:
    """Simulated studies, the same random numbers for every rho, so that the quantiles move smoothly with it."""

    def __init__(
        self, sides: list[_Marginal], clusters: Array, count: int, rng: np.random.Generator, levels: tuple[float, ...]
    ):
        n, groups = len(clusters), clusters.max() + 1

        def normals(columns: int) -> Array:
            return rng.standard_normal((count, columns), dtype=np.float32)

        # One fraction for both sides keeps their correlation at rho exactly.
        fraction = np.float32((sides[0].fraction + sides[1].fraction) / 2)
        scores = [
            np.sqrt(fraction) * normals(groups)[:, clusters] + np.sqrt(1 - fraction) * normals(n) for _ in range(2)
        ]
        sampling = [normals(n) for _ in range(2)]
        # The spread of the true errors is known no better than from n measured ones.
        scales = [_spread_scales(side, n, count, rng) for side in sides]
        order = np.argsort(_observed(sides[0], scores[0], sampling[0], scales[0]), axis=1)
        # Study by study in the order of the first side, so that only the second side's ranks remain to be found.
        self.scores = [np.take_along_axis(score, order, axis=1) for score in scores]
        self.sampling, self.scale, self.side, self.levels = sampling[1], scales[1], sides[1], levels
        self.found: dict[int, Array] = {}

    def quantiles(self, k: int) -> Array:
        """Quantiles, at the levels, of the studies' Spearman correlations for the k-th copula correlation."""
        if k not in self.found:
            rho = np.float32(COPULA[k])
            mixed = rho * self.scores[0] + np.sqrt(1 - rho**2) * self.scores[1]
            second = np.argsort(_observed(self.side, mixed, self.sampling, self.scale), axis=1)
            n = second.shape[1]
            centred = np.arange(n) - (n - 1) / 2
            # Sum over models of rank x rank, read in the order of the second side.
            self.found[k] = np.quantile(centred[second] @ centred / (centred @ centred), self.levels)
        return self.found[k]

    def crossing(self, level: int, measured: float) -> float:
        """Fisher-scale correlation at which a quantile, rising with rho, is the measured one; found by bisection.

        Infinite where the quantile stays on one side of it. The quantile itself is interpolated, not the fraction
        of studies below the measured value: that jumps from 0 to 1 within one step of the grid when models are many.
        """
        low, high = 0, len(COPULA) - 1
        if self.quantiles(high)[level] < measured:
            return np.inf
        if self.quantiles(low)[level] > measured:
            return -np.inf
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.quantiles(middle)[level] >= measured else (middle, high)
        below, above = self.quantiles(low)[level], self.quantiles(high)[level]
        part = np.clip((measured - below) / (above - below), 0, 1) if above > below else 0.0
        return float(FISHER[low] + (FISHER[high] - FISHER[low]) * part)


def _spread_scales(side: _Marginal, n: int, studies: int, rng: np.random.Generator) -> Array:
    drawn = (side.variance + side.sampling_variance) * (n - 1) / rng.chisquare(n - 1, size=(studies, 1))
    return np.sqrt(np.clip(drawn - side.sampling_variance, 0, None) / side.variance).astype(np.float32)


def _observed(side: _Marginal, scores: Array, sampling: Array, scale: Array) -> Array:
    """Measured errors of simulated models with these normal scores: float32 [studies, n]."""
    position = np.clip((scores + REACH) * ((SCORES - 1) / (2 * REACH)) + 0.5, 0, SCORES - 1).astype(np.int32)
    return scale * side.true[position] + side.sampling[position] * sampling
