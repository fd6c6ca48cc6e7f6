"""How well each method of calibration ranks models that it has not seen.

The models are split at random, many times, into calibration models, whose real class risks are given, and the models
that are ranked. The splits are the same for every set and method.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from understudy.ranking.calibration import CalibrationData
from understudy.ranking.matching import check_same_models, common_classes, shared_classes
from understudy.ranking.methods import NO_PENALTY, calibrations
from understudy.ranking.model_counts import check_model_counts
from understudy.ranking.predictions import Predictions
from understudy.ranking.targets import Targets, risks
from understudy.seeds import numpy_generator, seed_for
from understudy.statistics.rank_correlation import MIN_MODELS, spearman

SPLITS_AT_ONCE = 4  # bounds the memory of weights: for each fit of so many splits a number per image


@dataclass(frozen=True)
class Design:
    """What a comparison fits: `RankingSettings.calibration_settings`, and the seed of the splits of the models.

    Attributes
    ----------
    calibration_models
        M >= 2 of the main comparison, in which ridge is fitted with all `penalties`.
    calibration_counts
        Further numbers of calibration models; those that leave too few models to rank are left out.
    penalty
        Of the ridge method.
    penalties
        Further penalties of the main comparison.
    repeats
        Number of random splits of the models.
    drop_classes
        Whether classes without images may be left out.
    seed
        Of the splits.

    """

    calibration_models: int
    calibration_counts: list[int]
    penalty: float
    penalties: list[float]
    repeats: int
    drop_classes: bool
    seed: int

    def left_out(self, models: int) -> list[int]:
        """Return the `calibration_counts` that leave too few of this many models to rank."""
        return [count for count in self.calibration_counts if models - count < MIN_MODELS]

    def fits(self, models: int) -> dict[int, list[float]]:
        """Return the penalties by number of calibration models, for this many models in all.

        Raises
        ------
        StudyError
            The main comparison has fewer than two calibration models, or leaves too few models to rank.

        """
        check_model_counts(models, self.calibration_models)
        possible = [count for count in self.calibration_counts if count not in self.left_out(models)]
        return {count: [self.penalty] for count in possible} | {
            self.calibration_models: sorted({self.penalty, *self.penalties})
        }

    def order(self, models: int, repeat: int) -> np.ndarray:
        """Return the order of a random split: the first M calibrate, the others are ranked. int64 [models]."""
        return numpy_generator(seed_for(self.seed, "models", repeat)).permutation(models)


def compare_methods(
    synthetic: Predictions,
    calibration: Predictions,
    ranking: Predictions,
    design: Design,
    *,
    top: int = 1,
    threads: int = 1,
    targets: Targets | None = None,
) -> pd.DataFrame:
    """Calibrate one synthetic set with random calibration models, and rank the other models with it, many times.

    Parameters
    ----------
    calibration, ranking
        Predictions on real images: for the calibration models' class risks, and to judge the ranking.
    top
        1 for top-1 errors, 5 for top-5.
    threads
        How many to share the splits; the result is the same for any number.
    targets
        What classes count for.

    Returns
    -------
    pandas.DataFrame
        A row per split, number of calibration models, method and penalty: metric, method, penalty (NaN where there is
        none), calibration_models, models (ranked), repeat, spearman, absolute_error (mean over ranked models).

    Raises
    ------
    StudyError
        Models or classes that don't fit together; too few models; see `CalibrationData`.

    """
    models = tuple(sorted(synthetic.models))
    check_same_models(synthetic, calibration)
    check_same_models(synthetic, ranking)
    parts = [part.of_models(models) for part in (synthetic, calibration, ranking)]
    targets = (targets or Targets()).of_classes(shared_classes(parts, design.drop_classes))
    parts = common_classes(parts, design.drop_classes)
    errors = parts[0].errors(top).astype(np.float64)
    class_risks, real_images = parts[1].class_risks(top), parts[1].class_counts()
    real = risks(parts[2], top, targets.real)
    shares = targets.synthetic, targets.real
    fits_of = design.fits(len(models))
    splits = [(repeat, count) for repeat in range(design.repeats) for count in fits_of]

    def compare(start: int) -> list[dict]:
        named, fits = [], []
        for repeat, count in splits[start : start + SPLITS_AT_ONCE]:
            order = design.order(len(models), repeat)
            known, ranked = order[:count], order[count:]
            data = CalibrationData(errors[known], parts[0].labels, class_risks[known], real_images, *shares)
            for method, penalty, fit in calibrations(data, fits_of[count]):
                named.append((method, penalty, count, repeat, ranked))
                fits.append(fit)
        # One product of matrices for many fits: the errors of hundreds of models are read once.
        sums = errors @ np.stack([fit.weights for fit in fits], axis=1)
        # Models with equal numbers of errors must tie, in whatever order their errors were added up.
        estimates = [(total + fit.intercept).round(12) for total, fit in zip(sums.T, fits, strict=True)]
        return [_row(top, *name, estimate, real) for name, estimate in zip(named, estimates, strict=True)]

    # Whole splits are shared out: sums inside one must not depend on the number of threads.
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        parts_of_rows = pool.map(compare, range(0, len(splits), SPLITS_AT_ONCE))
        return pd.DataFrame([row for rows in parts_of_rows for row in rows])


def compare_real_sets(
    calibration: Predictions, ranking: Predictions, design: Design, *, top: int = 1, targets: Targets | None = None
) -> pd.DataFrame:
    """Rank models by their real errors on the calibration images: what real images of that number are worth.

    Returns rows as `compare_methods` does, of method `none`, over the same splits of the models. All classes count that
    both real sets have, those too that a synthetic set lacks.
    """
    models = tuple(sorted(calibration.models))
    parts = [part.of_models(models) for part in (calibration, ranking)]
    targets = (targets or Targets()).of_classes(shared_classes(parts, design.drop_classes))
    estimate, real = (risks(part, top, targets.real) for part in common_classes(parts, design.drop_classes))
    return pd.DataFrame(
        [
            _row(top, "none", NO_PENALTY, count, repeat, design.order(len(models), repeat)[count:], estimate, real)
            for repeat in range(design.repeats)
            for count in design.fits(len(models))
        ]
    )


def _row(
    top: int,
    method: str,
    penalty: float,
    count: int,
    repeat: int,
    ranked: np.ndarray,
    estimate: np.ndarray,
    real: np.ndarray,
) -> dict:
    """One split's row: estimated and real risks of all models, of which those in `ranked` are compared."""
    estimate, real = estimate[ranked], real[ranked]
    return {
        "metric": f"top{top}",
        "method": method,
        "penalty": penalty,
        "calibration_models": count,
        "models": len(ranked),
        "repeat": repeat,
        "spearman": spearman(estimate, real),
        "absolute_error": float(np.abs(estimate - real).mean()),
    }
