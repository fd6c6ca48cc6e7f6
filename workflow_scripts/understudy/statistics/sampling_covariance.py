"""How far errors measured on finitely many images may lie from the true ones, and how alike they err.

Two models measured on the same images share much of their luck, so every comparison needs the covariance between their
errors and not the two variances alone. A bootstrap over images converges to a normal law with this covariance: the
errors are means over the images, and the covariance of a mean under resampling within classes is

    C = sum_c (n_c / N)^2 S_c / n_c,        S_c = within-class covariance of the wrong/right indicators,

which costs one matrix product per class, where 10,000 resamplings of 50,000 images for a thousand snapshots would cost
5e11 additions. Its square root takes the place of the resamples' spread everywhere.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from understudy.errors import StudyError

Array = np.ndarray


def stratified_covariance(wrong: Array, labels: Array) -> Array:
    """Covariance of the mean errors of M models on N images, the classes' shares being fixed.

    Parameters
    ----------
    wrong
        Bool [M, N]: whether model m misses image i.
    labels
        Int [N]: true classes.

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
        total += (joint - np.outer(missed, missed) / n) * (n / (n - 1))
    return total / images**2


@dataclass(frozen=True)
class ErrorNoise:
    """Errors of the kept snapshots of one draw's split on one set, and the covariance of their image noise.

    ``rows``: regime, run and epoch of R snapshots, every run's last among them; ``errors``: float64 [R], fractions;
    ``covariance``: float64 [R, R]; ``images``: their number N; ``index``: which images of the data set they are, int
    [N], where known.
    """

    rows: pd.DataFrame
    errors: Array
    covariance: Array
    images: int
    index: Array | None = None

    def last_rows(self, regime: str, runs: pd.Series) -> Array:
        """Positions of the last snapshots of `runs`, int [n]; StudyError where a run has no predictions."""
        return np.array([self._kept_of(regime, run)[2] for run in runs], dtype=int)

    def nearest_rows(self, regime: str, runs: pd.Series, epochs: pd.Series) -> Array:
        """Positions of the kept snapshots of `runs` nearest to `epochs`, int [n].

        Only a kept snapshot has predictions. One chosen by a selection is kept, so this is exact for it; the oracle's
        are not always, and a neighbour's noise stands for theirs. StudyError where a run has no predictions.
        """
        found = []
        for run, epoch in zip(runs, epochs, strict=True):
            positions, kept, _ = self._kept_of(regime, run)
            found.append(positions[np.argmin(np.abs(kept - epoch))])
        return np.array(found, dtype=int)

    def _kept_of(self, regime: str, run: str) -> tuple[Array, Array, int]:
        try:
            return self._kept[regime, run]
        except KeyError:
            message = f"run {run!r} (regime {regime}) has no predictions on this set: evaluate it there again"
            raise StudyError(message) from None

    @cached_property
    def _kept(self) -> dict[tuple[str, str], tuple[Array, Array, int]]:
        """For each regime and run: positions of its kept snapshots, their epochs, the position of the last one."""
        kept = {}
        rows = self.rows.reset_index(drop=True)
        for key, group in rows.groupby(["regime", "run"], observed=True):
            epochs = group["epoch"].to_numpy()
            kept[key] = (group.index.to_numpy(), epochs, int(group.index[np.argmax(epochs)]))
        return kept


def shared_images(noises: Sequence[ErrorNoise]) -> float:
    """Correlation that common images give the image noise of two sets, mean over pairs: in [0, 1].

    Sets of n and m images that share k have k / sqrt(n m). Where the images aren't known it is 1, the most it can be.
    """
    found = []
    for first, second in itertools.combinations(noises, 2):
        if first.index is None or second.index is None:
            return 1.0
        common = len(np.intersect1d(first.index, second.index))
        found.append(common / np.sqrt(len(first.index) * len(second.index)))
    return float(np.mean(found)) if found else 1.0


def error_noise(predictions: pd.DataFrame, labels: Array, index: Array | None = None) -> ErrorNoise:
    """Reduce the predictions on one set to errors and the covariance of their image noise.

    Parameters
    ----------
    predictions
        Rows of the table ``predictions`` for one draw, split and set.
    labels
        Int [N]: the set's true classes, in the order of its images.
    index
        Int [N]: which images of the data set they are, if the set is a part of one.

    Raises
    ------
    StudyError
        If a row's predictions aren't as many as the labels.
    """
    wrong = wrong_images(predictions, labels)
    rows = predictions[["regime", "run", "epoch"]].reset_index(drop=True)
    rows = rows.astype({"regime": str, "run": str})
    return ErrorNoise(rows, wrong.mean(axis=1), stratified_covariance(wrong, labels), len(labels), index)


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
