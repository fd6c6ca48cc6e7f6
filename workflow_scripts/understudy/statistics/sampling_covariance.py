"""How far errors measured on finitely many images may lie from the true ones, and how alike they err.

Two models measured on the same images share much of their luck, so every comparison needs the covariance between their
errors and not the two variances alone. A bootstrap over images converges to a normal law with this covariance: the
errors are means over the images, and the covariance of a mean under resampling within classes is

    C = sum_c t_c^2 S_c / n_c,        S_c = within-class covariance of the wrong/right indicators,

with t_c what class c counts for: its share n_c / N of the images, or a target share (see `class_weights`). That costs
one matrix product per class, where 10,000 resamplings of 50,000 images for a thousand snapshots would cost 5e11
additions. Its square root stands for the resamples' spread everywhere.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.statistics.class_weights import class_weights, effective_images

Array = np.ndarray


def stratified_covariance(wrong: Array, labels: Array, weights: Array | None = None) -> Array:
    """Covariance of the mean errors of M models on N images, the numbers of images of the classes being fixed.

    Parameters
    ----------
    wrong
        Bool [M, N]: whether model m misses image i.
    labels
        Int [N]: true classes.
    weights
        Floats [C]: what an image of each class counts for, by `class_weights`; None: 1.

    Returns
    -------
    covariance
        Float64 [M, M], of the errors as fractions. A class of one image shows no spread and adds none.
    """
    models, images = wrong.shape
    total = np.zeros((models, models))
    for label in np.unique(labels):
        block = wrong[:, labels == label].astype(np.float32)
        n = block.shape[1]
        if n < 2:
            continue
        # Counts of joint misses are integers below 2^24: exact in fp32.
        joint = (block @ block.T).astype(np.float64)
        missed = np.diag(joint)
        weight = 1.0 if weights is None else float(weights[label])
        total += weight**2 * ((joint - np.outer(missed, missed) / n) * (n / (n - 1)))
    return total / images**2


@dataclass(frozen=True)
class ErrorCovariance:
    """The sampling covariance of the errors of the kept snapshots of one draw's split on one set.

    ``rows``: regime, run and epoch of R snapshots, every run's last among them; ``covariance``: float64 [R, R];
    ``images``: their number N, or how many of equal weight they are worth; ``index``: which images of the data set
    they are, int [N], where known.
    """

    rows: pd.DataFrame
    covariance: Array
    images: float
    index: Array | None = None

    def nearest_rows(self, snapshots: pd.DataFrame) -> Array:
        """Positions of the kept snapshots nearest to `snapshots` (columns regime, run and epoch), int [n].

        Only a kept snapshot has predictions. The last one and those chosen by a selection are kept, so this is exact
        for them; the oracle's are not always, and a neighbour's covariance stands for theirs. StudyError where a run
        has no predictions.
        """
        found = []
        for regime, run, epoch in snapshots[["regime", "run", "epoch"]].itertuples(index=False):
            if (regime, run) not in self._kept:
                raise StudyError(
                    f"run {run!r} (regime {regime}) has no predictions on this set: evaluate it there again"
                )
            positions, kept = self._kept[regime, run]
            found.append(positions[np.argmin(np.abs(kept - epoch))])
        return np.array(found, dtype=int)

    @cached_property
    def _kept(self) -> dict[tuple[str, str], tuple[Array, Array]]:
        """Positions of the kept snapshots of each regime and run, and their epochs."""
        groups = self.rows.reset_index(drop=True).groupby(["regime", "run"], observed=True)
        return {key: (group.index.to_numpy(), group["epoch"].to_numpy()) for key, group in groups}

    def of_means(self, runs: pd.DataFrame, weights: Array) -> Array:
        """Covariance of the means of snapshots' errors, `weights` [G, n] of the n rows of `runs`: float64 [G, G]."""
        rows = self.nearest_rows(runs)
        return weights @ self.covariance[np.ix_(rows, rows)] @ weights.T


def shared_images(covariances: Sequence[ErrorCovariance]) -> float:
    """Correlation that common images give the sampling errors of two sets, mean over pairs: in [0, 1].

    Sets of n and m images that share k have k / sqrt(n m). Where the images aren't known it is 1, the most it can be.
    """
    found = []
    for first, second in itertools.combinations(covariances, 2):
        if first.index is None or second.index is None:
            return 1.0
        common = len(np.intersect1d(first.index, second.index))
        found.append(common / np.sqrt(len(first.index) * len(second.index)))
    return float(np.mean(found)) if found else 1.0


def error_covariance(
    predictions: pd.DataFrame, labels: Array, index: Array | None = None, shares: Array | None = None
) -> ErrorCovariance:
    """Reduce the predictions on one set to the sampling covariance of the errors.

    Parameters
    ----------
    predictions
        Rows of the table ``predictions`` for one draw, split and set.
    labels
        Int [N]: the set's true classes, in the order of its images.
    index
        Int [N]: which images of the data set they are, if the set is a part of one.
    shares
        Floats [C]: what each class counts for in an error; None: for its images.

    Raises
    ------
    StudyError
        If a row's predictions aren't as many as the labels.
    """
    rows = predictions[["regime", "run", "epoch"]].reset_index(drop=True).astype({"regime": str, "run": str})
    wrong = wrong_images(predictions, labels)
    if shares is None:
        return ErrorCovariance(rows, stratified_covariance(wrong, labels), len(labels), index)
    images = np.bincount(labels, minlength=len(shares))
    weights = class_weights(images, shares)
    covariance = stratified_covariance(wrong, labels, weights)
    return ErrorCovariance(rows, covariance, effective_images(images, weights), index)


def wrong_images(predictions: pd.DataFrame, labels: Array) -> Array:
    """Whether each row of `predictions` misses each image: bool [rows, N]. StudyError where lengths differ."""
    wrong = np.empty((len(predictions), len(labels)), dtype=bool)
    for i, predicted in enumerate(predictions["predicted"]):
        if len(predicted) != len(labels):
            row = predictions.iloc[i]
            raise StudyError(
                f"run {row['run']!r} has {len(predicted)} predictions on set {row['set']!r}, which has {len(labels)} "
                "images: evaluate it there again"
            )
        np.not_equal(predicted, labels, out=wrong[i])
    return wrong
