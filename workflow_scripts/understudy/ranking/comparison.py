"""How well each method of calibration ranks models that it has not seen.

The models are split at random, many times, into calibration models, whose real class risks are given, and the models
that are ranked. The splits are the same for every set and method.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from understudy.errors import StudyError
from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import Calibration, uncalibrated
from understudy.ranking.matching import check_same_models, common_classes
from understudy.ranking.predictions import Predictions
from understudy.ranking.ridge import ridge_calibrations
from understudy.seeds import numpy_generator, seed_for
from understudy.statistics.rank_correlation import spearman

METHODS = ("none", "ridge", "adaptive")
LEAST_RANKED = 3  # a rank correlation of fewer models says nothing
SPLITS_AT_ONCE = 4  # bounds the memory of weights: for each fit of so many splits a number per image


@dataclass(frozen=True)
class Design:
    """What a comparison fits.

    Attributes
    ----------
    calibration_models
        M >= 2 of the main comparison, in which ridge is fitted with all `penalties`.
    counts
        Further numbers of calibration models; those that leave fewer than three models to rank are left out.
    penalty
        Of the ridge method.
    penalties
        Further penalties of the main comparison.
    repeats
        Number of random splits of the models.
    seed
        Of the splits.

    """

    calibration_models: int
    counts: tuple[int, ...]
    penalty: float
    penalties: tuple[float, ...]
    repeats: int
    seed: int

    def left_out(self, models: int) -> list[int]:
        """Return the `counts` that leave too few of this many models to rank."""
        return [count for count in self.counts if models - count < LEAST_RANKED]

    def fits(self, models: int) -> dict[int, list[float]]:
        """Return the penalties by number of calibration models, for this many models in all.

        Raises
        ------
        StudyError
            The main comparison has fewer than two calibration models, or leaves fewer than three models to rank.

        """
        if self.calibration_models < 2 or models - self.calibration_models < LEAST_RANKED:
            raise StudyError(
                f"ranking.calibration_models: {self.calibration_models} of {models} models were asked to calibrate; "
                f"at least 2 must, and at least {LEAST_RANKED} must be left to rank"
            )
        possible = [count for count in self.counts if count not in self.left_out(models)]
        return {count: [self.penalty] for count in possible} | {
            self.calibration_models: sorted({self.penalty, *self.penalties})
        }


def model_order(models: int, seed: int, repeat: int) -> np.ndarray:
    """Return the order of a random split: the first M calibrate, the others are ranked. int64 [models]."""
    return numpy_generator(seed_for(seed, "models", repeat)).permutation(models)


def compare_methods(
    synthetic: Predictions,
    calibration: Predictions,
    ranking: Predictions,
    design: Design,
    *,
    top: int = 1,
    drop_classes: bool = False,
    threads: int = 1,
) -> pd.DataFrame:
    """Calibrate one synthetic set with random calibration models, and rank the other models with it, many times.

    Parameters
    ----------
    calibration, ranking
        Predictions on real images: for the calibration models' class risks, and to judge the ranking.
    top
        1 for top-1 errors, 5 for top-5.
    drop_classes
        Whether classes without images may be left out.
    threads
        How many to share the splits; the result is the same for any number.

    Returns
    -------
    pandas.DataFrame
        A row per split, number of calibration models, method and penalty: metric, method, penalty (NaN where there is
        none), calibration_models, models (ranked), repeat, spearman, absolute_error (mean over ranked models).

    Raises
    ------
    StudyError
        Models or classes that don't fit together; too few models; see `ridge_calibrations` and `adaptive_calibration`.

    """
    models = tuple(sorted(synthetic.models))
    check_same_models(synthetic, calibration)
    check_same_models(synthetic, ranking)
    parts = common_classes([part.of_models(models) for part in (synthetic, calibration, ranking)], drop_classes)
    errors = parts[0].errors(top).astype(np.float64)
    class_risks, real_images = parts[1].class_risks(top), parts[1].class_counts()
    real = parts[2].errors(top).mean(axis=1)
    fits_of = design.fits(len(models))
    splits = [(repeat, count) for repeat in range(design.repeats) for count in fits_of]

    def compare(start: int) -> list[dict]:
        rows, fits, ranked = [], [], []
        for repeat, count in splits[start : start + SPLITS_AT_ONCE]:
            order = model_order(len(models), design.seed, repeat)
            known = order[:count]
            fitted = calibrations(errors[known], parts[0].labels, class_risks[known], real_images, fits_of[count])
            for method, penalty, fit in fitted:
                place = {"calibration_models": count, "models": len(models) - count, "repeat": repeat}
                rows.append({"metric": f"top{top}", "method": method, "penalty": penalty, **place})
                fits.append(fit)
                ranked.append(order[count:])
        # One product of matrices for many fits: the errors of hundreds of models are read once.
        weights = np.stack([fit.weights for fit in fits], axis=1)
        for row, others, estimate in zip(rows, ranked, _estimates(errors @ weights, fits), strict=True):
            row["spearman"] = float(spearman(estimate[others], real[others]))
            row["absolute_error"] = float(np.abs(estimate[others] - real[others]).mean())
        return rows

    # Whole splits are shared out: sums inside one must not depend on the number of threads.
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        parts_of_rows = pool.map(compare, range(0, len(splits), SPLITS_AT_ONCE))
        return pd.DataFrame([row for rows in parts_of_rows for row in rows])


def compare_real_sets(
    calibration: Predictions, ranking: Predictions, design: Design, *, top: int = 1, drop_classes: bool = False
) -> pd.DataFrame:
    """Rank models by their real errors on the calibration images: what real images of that number are worth.

    Returns rows as `compare_methods` does, of method `none`, over the same splits of the models. All classes count that
    both real sets have, those too that a synthetic set lacks.
    """
    models = tuple(sorted(calibration.models))
    parts = common_classes([part.of_models(models) for part in (calibration, ranking)], drop_classes)
    estimate, real = (part.errors(top).mean(axis=1) for part in parts)
    rows = []
    for repeat in range(design.repeats):
        order = model_order(len(models), design.seed, repeat)
        for count in design.fits(len(models)):
            ranked = order[count:]
            rows.append(
                {
                    "metric": f"top{top}",
                    "method": "none",
                    "penalty": np.nan,
                    "calibration_models": count,
                    "models": len(ranked),
                    "repeat": repeat,
                    "spearman": float(spearman(estimate[ranked], real[ranked])),
                    "absolute_error": float(np.abs(estimate[ranked] - real[ranked]).mean()),
                }
            )
    return pd.DataFrame(rows)


def calibrations(
    errors: np.ndarray,
    labels: np.ndarray,
    class_risks: np.ndarray,
    real_images: np.ndarray,
    penalties: Sequence[float],
) -> Iterator[tuple[str, float, Calibration]]:
    """Fit every method on M calibration models; yield its name, its penalty (NaN where it has none) and the fit.

    Parameters
    ----------
    errors
        [M, I] of 0 and 1, on synthetic images whose classes are `labels`, int [I].
    class_risks
        Real risks, floats [M, C].
    real_images
        On how many images of each class these were counted, int [C]: what the classes count for in the estimates.

    """
    yield "none", np.nan, uncalibrated(errors.shape[1])
    ridge = ridge_calibrations(errors, labels, class_risks, penalties, real_images)
    for penalty, fit in zip(penalties, ridge, strict=True):
        yield "ridge", float(penalty), fit
    yield "adaptive", np.nan, adaptive_calibration(errors, labels, class_risks, real_images)


def _estimates(sums: np.ndarray, fits: Sequence[Calibration]) -> Iterator[np.ndarray]:
    """Risks, fp64 [N], of all models by each fit, from the weighted sums of their errors, [N, fits]."""
    for total, fit in zip(sums.T, fits, strict=True):
        # Models with equal numbers of errors must tie, in whatever order their errors were added up.
        yield (total + fit.intercept).round(12)
