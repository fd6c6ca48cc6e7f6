"""The tables `calibration` and `calibration_models`: how well each method ranks models that it has not seen.

The models are split at random, many times, into calibration models, whose real class risks are given, and the models
that are ranked. The splits are the same for every set and method. Intervals hold 95 % of the splits.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.ranking.adaptive import adaptive_calibration
from understudy.ranking.calibration import Calibration, uncalibrated
from understudy.ranking.predictions import Predictions, check_same_models
from understudy.ranking.ridge import ridge_path
from understudy.seeds import numpy_generator, seed_for
from understudy.statistics.rank_correlation import spearman

METHODS = ("none", "ridge", "adaptive")
LEAST_RANKED = 3  # a rank correlation of fewer models says nothing


def halves(predictions: Predictions, seed: int) -> tuple[Predictions, Predictions]:
    """Split one real set into two of disjoint images, stratified: for the calibration's risks, and for the ranking."""
    order = numpy_generator(seed).permutation(len(predictions.labels))
    order = order[np.argsort(predictions.labels[order], kind="stable")]
    return predictions.of_images(np.sort(order[::2])), predictions.of_images(np.sort(order[1::2]))


def common_classes(sets: Sequence[Predictions], drop: bool) -> list[Predictions]:
    """Leave out the classes that a set has no images of, and number the rest anew.

    Predictions of a class that is left out become -1, which is wrong for every image.

    Raises
    ------
    StudyError
        There are such classes and `drop` is false, or nothing would be left.

    """
    present = np.all([np.bincount(one.labels, minlength=one.classes) > 0 for one in sets], axis=0)
    if present.all():
        return list(sets)
    empty = np.flatnonzero(~present).tolist()
    if not drop:
        raise StudyError(
            f"classes {empty} have no images in some synthetic or real set; add images, or allow dropping classes"
        )
    if not present.any():
        raise StudyError("no class has images in every synthetic and real set; check that their labels agree")
    number = np.where(present, np.cumsum(present) - 1, -1)
    kept = [one.of_images(present[one.labels]) for one in sets]
    return [
        Predictions(
            one.models, number[one.predicted].astype(one.predicted.dtype), number[one.labels], int(present.sum())
        )
        for one in kept
    ]


def calibration_table(
    sets: Mapping[str, Predictions],
    calibration: Predictions,
    ranking: Predictions,
    *,
    calibration_models: int,
    penalties: Sequence[float],
    repeats: int,
    seed: int,
    tops: Sequence[int] = (1,),
    drop_classes: bool = False,
) -> pd.DataFrame:
    """Build table `calibration`: one row per set, metric, method and, for ridge, penalty.

    Parameters
    ----------
    sets
        Predictions on synthetic sets, by name.
    calibration, ranking
        Predictions on real images: for the calibration models' class risks, and to judge the ranking. Where both are
        the same images, the ranking is not judged on unseen ones, and a report should say so: see `halves`.
    calibration_models
        M >= 2; all other models are ranked, at least 3.
    penalties
        Of the ridge method, each a row.
    repeats
        Number of random splits of the models.
    tops
        1 for top-1 errors, 5 for top-5.
    drop_classes
        Whether classes without images may be left out.

    Returns
    -------
    pandas.DataFrame
        set, metric, method, penalty (NaN where there is none), calibration_models, models (ranked in each split),
        repeats, spearman (mean over splits), ci_low, ci_high, mean_absolute_error.

    Raises
    ------
    StudyError
        Models or classes that don't fit together; too few models; see `ridge_path` and `adaptive_calibration`.

    """
    rows = []
    for name, synthetic in sets.items():
        check_same_models(synthetic, calibration)
        check_same_models(synthetic, ranking)
        parts = common_classes([p.of_models(synthetic.models) for p in (synthetic, calibration, ranking)], drop_classes)
        for top in tops:
            results = _splits(*parts, calibration_models, penalties, repeats, seed, top)
            rows.append(_summary(results).assign(set=name, metric=f"top{top}"))
    columns = ["set", "metric", "method", "penalty", "calibration_models", "models", "repeats", "spearman"]
    return pd.concat(rows, ignore_index=True)[[*columns, "ci_low", "ci_high", "mean_absolute_error"]]


def calibration_models_table(
    sets: Mapping[str, Predictions],
    calibration: Predictions,
    ranking: Predictions,
    *,
    counts: Sequence[int],
    **settings,
) -> pd.DataFrame:
    """Build table `calibration_models`: as `calibration_table`, for each number of calibration models in `counts`.

    Counts that leave fewer than three models to rank are left out.
    """
    possible = [count for count in counts if len(calibration.models) - count >= LEAST_RANKED]
    if not possible:
        raise StudyError(
            f"calibration_models: none of {list(counts)} leaves 3 of {len(calibration.models)} models to rank; "
            "give smaller numbers, or more models"
        )
    tables = [calibration_table(sets, calibration, ranking, calibration_models=m, **settings) for m in possible]
    return pd.concat(tables, ignore_index=True).sort_values(["set", "metric"], kind="stable", ignore_index=True)


def image_weights(
    synthetic: Predictions, calibration: Predictions, models: Sequence[str], penalty: float, top: int = 1
) -> pd.DataFrame:
    """Weigh every synthetic image by ridge on these calibration models: image (position), label, weight (in w_c).

    A positive weight means that being wrong on the image counts against a model; unanimous images have exactly 0.
    """
    chosen = synthetic.of_models(models)
    risks = calibration.of_models(models).class_risks(top)
    weights = ridge_path(chosen.errors(top), chosen.labels, risks, [penalty]).weights[0]
    return pd.DataFrame({"image": np.arange(len(weights)), "label": chosen.labels.astype(np.int64), "weight": weights})


def gallery_images(weights: pd.DataFrame, label: int, count: int) -> dict[str, list[int]]:
    """Choose images of one class from `image_weights`: those of `highest`, `lowest` and `zero` weight, `count` each."""
    ordered = weights[weights["label"] == label].sort_values(["weight", "image"], kind="stable")
    zero = ordered.loc[ordered["weight"] == 0, "image"]
    images = ordered.loc[ordered["weight"] != 0, "image"]
    return {
        "highest": images.tail(count).tolist()[::-1],
        "lowest": images.head(count).tolist(),
        "zero": zero.head(count).tolist(),
    }


def _splits(
    synthetic: Predictions,
    calibration: Predictions,
    ranking: Predictions,
    count: int,
    penalties: Sequence[float],
    repeats: int,
    seed: int,
    top: int,
) -> pd.DataFrame:
    """Return one row per split, method and penalty, with the Spearman correlation and error over the ranked models."""
    models = len(synthetic.models)
    if count < 2 or models - count < LEAST_RANKED:
        raise StudyError(
            f"calibration: {count} of {models} models were asked to calibrate; "
            f"at least 2 must, and at least {LEAST_RANKED} must be left to rank"
        )
    errors = synthetic.errors(top).astype(np.float64)
    class_risks, real = calibration.class_risks(top), ranking.errors(top).mean(axis=1)
    risks = calibration.errors(top).mean(axis=1)
    rows = []
    for repeat in range(repeats):
        order = numpy_generator(seed_for(seed, "models", repeat)).permutation(models)
        known, ranked = order[:count], order[count:]
        fits = _calibrations(errors[known], synthetic.labels, class_risks[known], risks[known], penalties)
        for method, penalty, fit in fits:
            # Models with equal numbers of errors must tie, in whatever order their errors were added up.
            estimate = fit.estimate(errors)[ranked].round(12)
            rows.append(
                {
                    "method": method,
                    "penalty": penalty,
                    "calibration_models": count,
                    "models": len(ranked),
                    "spearman": float(spearman(estimate, real[ranked])),
                    "absolute_error": float(np.abs(estimate - real[ranked]).mean()),
                }
            )
    return pd.DataFrame(rows)


def _calibrations(
    errors: np.ndarray, labels: np.ndarray, class_risks: np.ndarray, risks: np.ndarray, penalties: Sequence[float]
) -> Iterator[tuple[str, float, Calibration]]:
    """Every method's calibration, with its penalty where it has one."""
    yield "none", np.nan, uncalibrated(errors.shape[1])
    path = ridge_path(errors, labels, class_risks, penalties)
    for index, penalty in enumerate(penalties):
        yield "ridge", float(penalty), path.calibration(index)
    yield "adaptive", np.nan, adaptive_calibration(errors, risks)


def _summary(results: pd.DataFrame) -> pd.DataFrame:
    """Means over splits, and the range that holds 95 % of them, in the methods' order."""
    groups = results.groupby(["method", "penalty", "calibration_models", "models"], sort=False, dropna=False)
    return groups.agg(
        repeats=("spearman", "size"),
        spearman=("spearman", "mean"),
        ci_low=("spearman", lambda values: values.quantile(0.025)),
        ci_high=("spearman", lambda values: values.quantile(0.975)),
        mean_absolute_error=("absolute_error", "mean"),
    ).reset_index()
