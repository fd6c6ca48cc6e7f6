"""Theorem 1 of Deliberate Practice: the test error of a linear classifier trained on selected samples.

Samples x ~ N(0, I_d) are labelled y = sign(w_g . x). Of a pool of n samples those with q(x . w_s) = 1 are kept, the
fraction p = E q(G) of them, G ~ N(0, 1); every direction is a unit vector and q is symmetric. On the n0 = p n kept
samples the ridge estimate w = (X'DX/n + lambda I)^-1 X'DY/n is computed, D = diag(q), and tested against the labels
sign(w_* . x). In the limit d, n -> infinity with d/n -> phi its error depends on the cosines

    rho = w_s . w_g,    rho_true = w_s . w_*,    rho_labels = w_g . w_*

alone. The paper has perfect labels: w_g = w_*, so that rho_true = rho and rho_labels = 1.

Printed versions of the theorem have mistakes, which simulation shows: here r holds beta^2 and beta~^2 (as in the proof,
Lemma 6) where equation 17 has omega^2 and omega~^2; the denominator is (1 + phi m) times r and not 1 + phi m r; the
first version's Gaussian form of the error holds for no sign labels.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

Mode = Literal["keep_hard", "keep_easy"]
PHI_0 = norm.pdf(0.0)
MIN_RIDGE = 1e-12
"""Smaller penalties count as 0: for them the squares of resolvents, which grow as 1 / lambda, lose all digits."""


class Cosines(NamedTuple):
    """The cosines of the module's introduction."""

    rho: float
    rho_true: float
    rho_labels: float = 1.0


class SelectionMoments(NamedTuple):
    """Moments of a selection q under G ~ N(0, 1), with tau = rho / sqrt(1 - rho^2); float arrays of one shape."""

    p: np.ndarray
    """E q(G), the kept fraction."""
    gamma: np.ndarray
    """E[q(G) G^2]."""
    beta_slope: np.ndarray
    """beta / sqrt(1 - rho^2), finite at rho = 1; beta = 2 E[q(G) pdf(tau G)]."""
    beta_tilde: np.ndarray
    """beta~ = 2 E[q(G) cdf(tau G) G]."""


def keep_threshold(mode: Mode, keep_fraction: ArrayLike) -> np.ndarray:
    """Return the a at which keeping |x . w_s| <= a (``keep_hard``) or > a (``keep_easy``) keeps this fraction."""
    p = np.asarray(keep_fraction, dtype=float)
    return norm.ppf((1 + p) / 2) if mode == "keep_hard" else norm.isf(p / 2)


def selection_moments(mode: Mode, keep_fraction: ArrayLike, rho: ArrayLike) -> SelectionMoments:
    """Return the moments of keeping the hardest or the easiest samples (Lemmas 1 and 2).

    Parameters
    ----------
    mode : ``keep_hard`` or ``keep_easy``
    keep_fraction : p, in (0, 1]
    rho : cosine between selecting and labelling direction, in [0, 1]
    """
    p, rho = np.broadcast_arrays(np.asarray(keep_fraction, float), np.asarray(rho, float))
    # Beyond 40 standard deviations the density is 0 in floating point; an infinite a would make 0 times infinity.
    a = np.minimum(keep_threshold(mode, p), 40.0)
    sine = np.sqrt(1 - rho**2)
    # P(|G| <= a / sqrt(1 - rho^2)) and P(|G| <= tau a); at rho = 1 both are 1.
    epsilon_1 = 2 * norm.cdf(_ratio(a, sine)) - 1
    epsilon_2 = 2 * norm.cdf(_ratio(rho * a, sine)) - 1
    edge = 2 * a * norm.pdf(a)
    if mode == "keep_hard":
        gamma, fraction, sign = p - edge, epsilon_1, -1.0
    else:
        gamma, fraction, sign = p + edge, 1 - epsilon_1, 1.0
    return SelectionMoments(
        p=p,
        gamma=gamma,
        beta_slope=2 * PHI_0 * fraction,
        beta_tilde=2 * (rho * PHI_0 * fraction + sign * norm.pdf(a) * epsilon_2),
    )


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Return the quotient, infinite where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(np.shape(denominator), np.inf), where=denominator > 0)


def predicted_error(
    mode: Mode,
    kept_samples: ArrayLike,
    keep_fraction: ArrayLike,
    rho: ArrayLike,
    ridge: ArrayLike,
    dimension: ArrayLike,
    rho_true: ArrayLike | None = None,
    rho_labels: ArrayLike = 1.0,
) -> np.ndarray:
    """Return the limit of the test error (theorem 1; without ridge corollary 1), for whole arrays of settings.

    Parameters
    ----------
    mode : ``keep_hard`` or ``keep_easy``
    kept_samples : n0 = p n, so that the pool has n = n0 / p samples and phi = d p / n0
    keep_fraction : p, in (0, 1]
    rho, rho_true, rho_labels : cosines of the module's introduction; without the latter two labels are perfect
    ridge : lambda >= 0, normalised by the pool's size
    dimension : d

    Returns
    -------
    Error in [0, 1], of the arguments' common shape. At ``ridge`` 0 and n0 = d, the interpolation peak, it is 1/2; near
    it a classifier of finite dimension errs less.
    """
    rho_true = rho if rho_true is None else rho_true
    arguments = np.broadcast_arrays(kept_samples, keep_fraction, rho, ridge, dimension, rho_true, rho_labels)
    kept_samples, keep_fraction, rho, ridge, dimension, rho_true, rho_labels = (np.asarray(x, float) for x in arguments)
    moments = selection_moments(mode, keep_fraction, rho)
    phi = dimension * keep_fraction / kept_samples
    sine_squared = 1 - rho**2
    ridged = ridge >= MIN_RIDGE
    # w's mean along w_* is alpha m + alpha~ m~. With perfect labels alpha = omega = sqrt(1 - rho^2) beta and
    # alpha~ = omega~ = rho beta~; with others w's parts along w_s and across it meet w_* at other angles.
    alpha = moments.beta_slope * (rho_labels - rho * rho_true)
    alpha_tilde = moments.beta_tilde * rho_true
    squares = sine_squared * moments.beta_slope**2, moments.beta_tilde**2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean, second = _with_ridge(moments, phi, ridge, (alpha, alpha_tilde), squares)
        limits = _ridgeless(moments, phi, (alpha, alpha_tilde), squares)
        mean, second = np.where(ridged, mean, limits[0]), np.where(ridged, second, limits[1])
        cosine = np.where(ridged | (phi != keep_fraction), mean / np.sqrt(second), 0.0)
    return np.arccos(np.clip(cosine, -1, 1)) / np.pi


def _with_ridge(
    moments: SelectionMoments, phi: np.ndarray, ridge: np.ndarray, alphas: tuple, squares: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits m0 of w . w_* and nu0 of |w|^2, up to one factor, at z = -lambda < 0 (theorem 1)."""
    p, gamma, z = moments.p, moments.gamma, -ridge
    # m(z) solves phi z m^2 - (p - phi - z) m + 1 = 0; the form without cancellation is taken on either side of 0.
    b = p - phi - z
    root = np.sqrt(b**2 - 4 * phi * z)
    m = np.where(b > 0, 2 / (b + root), (b - root) / (2 * phi * z))
    m_slope = m**2 / (1 - p * phi * m**2 / (1 + phi * m) ** 2)
    # s(z) = gamma / (1 + phi m), m~ = 1 / (s - z)
    m_tilde = 1 / (gamma / (1 + phi * m) - z)
    m_tilde_slope = (1 + gamma * phi * m_slope / (1 + phi * m) ** 2) * m_tilde**2
    r = squares[0] * m + squares[1] * m_tilde
    r_slope = squares[0] * m_slope + squares[1] * m_tilde_slope
    mean = alphas[0] * m + alphas[1] * m_tilde
    return mean, p * phi * m_slope + r_slope - 2 * phi * m_slope / (1 + phi * m) * r


def _ridgeless(
    moments: SelectionMoments, phi: np.ndarray, alphas: tuple, squares: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same at lambda -> 0 (corollary 1), up to a factor."""
    p, gamma = moments.p, moments.gamma
    # phi < p: more kept samples than dimensions.
    r = squares[0] + squares[1] * p / gamma
    r_slope = p * (squares[0] + squares[1] * ((p - phi) * p / gamma**2 + phi / gamma))
    under_mean = (alphas[0] + alphas[1] * p / gamma) / (p - phi)
    under_second = (p**2 * phi + r_slope - 2 * phi * r) / (p - phi) ** 3
    # phi > p: fewer.
    c0, c1 = 1 - p / phi, 1 - (p - gamma) / phi
    over_mean = (alphas[0] + alphas[1] / c1) * c0
    over_second = (p * phi - squares[0] - squares[1] / c1) * c0
    fewer = phi > p
    return np.where(fewer, over_mean, under_mean), np.where(fewer, over_second, under_second)
