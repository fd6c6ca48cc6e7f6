"""The setting of theorem 1, simulated at a finite dimension: see :mod:`understudy.practice.theory`."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve
from scipy.stats import norm

from understudy.practice.theory import Mode, keep_threshold


class SimulatedError(NamedTuple):
    """Mean test error over trials and its standard error."""

    mean: float
    standard_error: float


def simulate_error(
    mode: Mode,
    kept_samples: float,
    keep_fraction: float,
    rho: float,
    ridge: float,
    dimension: int,
    rng: np.random.Generator,
    *,
    trials: int,
    rho_true: float | None = None,
    rho_labels: float = 1.0,
) -> SimulatedError:
    """Train a classifier in each of ``trials`` trials; arguments as in :func:`theory.predicted_error`.

    The pool has round(kept_samples / keep_fraction) samples, of which a binomial number is kept. A trained direction's
    test error is its angle to w_* over pi, exactly: no test samples are drawn.

    Raises
    ------
    ValueError
        If no three directions have these cosines.
    """
    rho_true = rho if rho_true is None else rho_true
    pool = round(kept_samples / keep_fraction)
    threshold = float(keep_threshold(mode, keep_fraction))
    directions = _directions(rho, rho_true, rho_labels)
    errors = np.empty(trials)
    for trial in range(trials):
        kept = rng.binomial(pool, keep_fraction)
        coordinates, labels = _kept_samples(mode, kept, keep_fraction, threshold, directions[0], rng)
        design, target = _compressed(coordinates, labels, dimension, rng)
        weights = _ridge_estimate(design, target, pool * ridge)
        # Samples may be so few that all weights are 0: a guess.
        norm_ = np.linalg.norm(weights)
        cosine = weights[:3] @ directions[1] / norm_ if norm_ > 0 else 0.0
        errors[trial] = np.arccos(np.clip(cosine, -1, 1)) / np.pi
    return SimulatedError(float(errors.mean()), float(errors.std(ddof=1) / np.sqrt(trials)))


def _directions(rho: float, rho_true: float, rho_labels: float) -> tuple[np.ndarray, np.ndarray]:
    """Return w_g and w_* [3] in a basis that begins with w_s."""
    sine = np.sqrt(1 - rho**2)
    w_g = np.array([rho, sine, 0.0])
    across = (rho_labels - rho * rho_true) / sine if sine > 0 else 0.0
    rest = 1 - rho_true**2 - across**2
    if rest < -1e-9 or (sine == 0 and not np.isclose(rho_labels, rho_true)):
        raise ValueError(f"no three directions have the cosines {rho}, {rho_true} and {rho_labels}")
    return w_g, np.array([rho_true, across, np.sqrt(max(rest, 0.0))])


def _kept_samples(
    mode: Mode, kept: int, keep_fraction: float, threshold: float, w_g: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw kept samples' three coordinates beginning with that along w_s [kept, 3], and their labels [kept].

    Only x . w_s decides what is kept; so its distribution among the kept is drawn from, and no pool.
    """
    coordinates = rng.standard_normal((kept, 3))
    uniform = rng.uniform(size=kept)
    if mode == "keep_hard":
        coordinates[:, 0] = norm.ppf(0.5 + (uniform - 0.5) * keep_fraction)
    else:
        magnitude = norm.isf(uniform * keep_fraction / 2)
        coordinates[:, 0] = np.copysign(np.maximum(magnitude, threshold), rng.uniform(size=kept) - 0.5)
    return coordinates, np.where(coordinates @ w_g >= 0, 1.0, -1.0)


def _compressed(
    coordinates: np.ndarray, labels: np.ndarray, dimension: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a design [rows, d] and target [rows], rows <= d + 1, distributed as the whole up to a rotation of rows.

    A ridge estimate doesn't change when design and labels are rotated together. A rotation that leaves nothing of
    labels and coordinates below the first four rows turns the other d - 3 columns, which are independent of both, into
    Gaussian ones again; and of those below the fourth row only the triangular factor matters, which Bartlett's
    decomposition of a Wishart matrix draws directly.
    """
    head = np.linalg.qr(np.column_stack([coordinates, labels]), mode="r")  # [<= 4, 4]
    columns = dimension - 3
    below = len(labels) - len(head)
    rest = rng.standard_normal((len(head) + min(below, columns), columns))
    if below > columns:
        triangle = np.triu(rest[len(head) :], 1)
        np.fill_diagonal(triangle, np.sqrt(rng.chisquare(below - np.arange(columns))))
        rest[len(head) :] = triangle
    design = np.zeros((len(rest), dimension))
    design[: len(head), :3] = head[:, :3]
    design[:, 3:] = rest
    target = np.zeros(len(rest))
    target[: len(head)] = head[:, 3]
    return design, target


def _ridge_estimate(design: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """Return (X'X + penalty I)^-1 X'y [d], from the smaller of X'X and XX'."""
    rows, columns = design.shape
    if rows < columns:
        gram = design @ design.T
        gram[np.diag_indices(rows)] += penalty
        return design.T @ solve(gram, target, assume_a="pos")
    gram = design.T @ design
    gram[np.diag_indices(columns)] += penalty
    return solve(gram, design.T @ target, assume_a="pos")
