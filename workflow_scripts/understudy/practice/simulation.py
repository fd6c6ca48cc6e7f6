"""The setting of theorem 1, simulated at a finite dimension: see :mod:`understudy.practice.theory`.

A trial draws what a pool, a selection and a training on what was kept would give, at a cost that grows with d + n0 and
not with d^2 n0. Nothing is approximated; three facts make it so:

- Only x . w_s decides what is kept, so the kept samples are drawn from its distribution among these, and no pool.
- Labels depend on the plane of w_s and w_g alone, and the test error on w's three coordinates beginning with it, and on
  |w|. The samples' other d - 3 coordinates are Gaussian, independent of all that, and may be rotated.
- A ridge estimate doesn't change when samples (rows) are rotated together with their labels. Householder reflections of
  rows and of those d - 3 columns in turn make the matrix [labels, coordinates, others] a band of five diagonals, as
  the Golub-Kahan procedure makes two, whose entries are independent: chi variables at its edges, where the length of a
  Gaussian column or row is left, Gaussian ones between. So the band is drawn directly.
"""

import numpy as np
from scipy.linalg import solveh_banded
from scipy.special import ndtri

from understudy.practice.theory import Cosines, Mode

HEAD = 4
"""Leading columns that are no free Gaussian ones: the labels and three coordinates."""


def simulated_errors(
    mode: Mode,
    kept_samples: float,
    keep_fraction: float,
    cosines: Cosines,
    ridge: float,
    dimension: int,
    trials: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the test error of the classifier that each trial trains: float array [trials].

    Arguments are those of :func:`theory.predicted_error`. The pool has round(kept_samples / keep_fraction) samples, of
    which a binomial number is kept. A direction's test error is its angle to w_* over pi: no test samples are drawn.

    Raises
    ------
    ValueError
        If no three directions have these cosines.
    """
    pool = round(kept_samples / keep_fraction)
    w_g, w_true = _directions(cosines)
    errors = np.empty(trials)
    for trial in range(trials):
        coordinates = _kept_coordinates(mode, rng.binomial(pool, keep_fraction), keep_fraction, rng)
        labels = np.where(coordinates @ w_g >= 0, 1.0, -1.0)
        weights = _ridge_estimate(*_banded(labels, coordinates, dimension, rng), pool * ridge, dimension)
        length = np.linalg.norm(weights)
        # Without a sample all weights are 0: a guess.
        cosine = weights[:3] @ w_true / length if length > 0 else 0.0
        errors[trial] = np.arccos(np.clip(cosine, -1, 1)) / np.pi
    return errors


def _directions(cosines: Cosines) -> tuple[np.ndarray, np.ndarray]:
    """Return w_g and w_* [3] in a basis that begins with w_s."""
    rho, rho_true, rho_labels = cosines
    sine = np.sqrt(1 - rho**2)
    across = (rho_labels - rho * rho_true) / sine if sine > 0 else 0.0
    rest = 1 - rho_true**2 - across**2
    if rest < -1e-9 or (sine == 0 and not np.isclose(rho_labels, rho_true)):
        raise ValueError(f"no three directions have the cosines {rho}, {rho_true} and {rho_labels}")
    return np.array([rho, sine, 0.0]), np.array([rho_true, across, np.sqrt(max(rest, 0.0))])


def _kept_coordinates(mode: Mode, kept: int, keep_fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the first three coordinates of kept samples, the first along w_s: float array [kept, 3]."""
    coordinates = rng.standard_normal((kept, 3))
    uniform = rng.uniform(-1, 1, size=kept)
    # |x . w_s| has the distribution function 2 cdf - 1; the hardest are its lowest part, the easiest its highest.
    tail = np.abs(uniform) * keep_fraction
    magnitude = ndtri((1 + tail) / 2) if mode == "keep_hard" else -ndtri(tail / 2)
    coordinates[:, 0] = np.copysign(magnitude, uniform)
    return coordinates


def _banded(
    labels: np.ndarray, coordinates: np.ndarray, dimension: int, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Draw the rotated samples: the band, float array [rows, 5], and the one label that is not 0, that of row 0.

    Row i of the band holds columns i - 1 to i + 3 of the design [rows, d], and 0 where there is no such column; rows of
    zeros are left out, so that there are at most d + 1.
    """
    kept = len(labels)
    row = np.arange(min(kept, dimension + 1))
    # Column -1 of the design is that of the labels.
    column = row[:, None] + np.arange(-1, HEAD)
    band = rng.standard_normal(column.shape)
    band[:, 0] = np.sqrt(rng.chisquare(kept - row))
    band[:, HEAD] = np.sqrt(rng.chisquare(np.maximum(dimension - 3 - row, 1)))
    head = np.linalg.qr(np.column_stack([labels, coordinates]), mode="r") if kept else np.empty((0, HEAD))
    for number, entries in enumerate(head):
        band[number, : HEAD - number] = entries[number:]
    band[column >= dimension] = 0
    label = band[0, 0] if kept else 0.0
    band[:1, 0] = 0
    return band, float(label)


def _ridge_estimate(band: np.ndarray, label: float, penalty: float, dimension: int) -> np.ndarray:
    """Return the weights (X'X + penalty I)^-1 X'y [d], from the smaller of X'X and XX'."""
    rows = len(band)
    if rows == 0:
        return np.zeros(dimension)
    if rows <= dimension:
        gram = _gram(band)
        gram[0] += penalty
        target = np.zeros(rows)
        target[0] = label
        return _columns(band * solveh_banded(gram, target, lower=True)[:, None], dimension).sum(axis=1)
    columns = _columns(band, dimension)
    gram = _gram(columns[:, ::-1])
    gram[0] += penalty
    target = np.zeros(dimension)
    target[:HEAD] = label * band[0, 1:]
    return solveh_banded(gram, target, lower=True)


def _columns(band: np.ndarray, dimension: int) -> np.ndarray:
    """Return the same entries by column: [d, 5], entry j of column c being that of row c + 1 - j."""
    rows, width = band.shape
    shifted = np.zeros((max(rows, dimension) + width, width))
    for offset in range(width):
        shifted[offset : offset + rows, offset] = band[:, offset]
    return shifted[1 : dimension + 1]


def _gram(band: np.ndarray) -> np.ndarray:
    """Return the products of rows with each other as lower diagonals [5, rows]; row i begins at column i - 1."""
    rows, width = band.shape
    products = np.zeros((width, rows))
    for lag in range(min(width, rows)):
        products[lag, : rows - lag] = (band[: rows - lag, lag:] * band[lag:, : width - lag]).sum(axis=1)
    return products
