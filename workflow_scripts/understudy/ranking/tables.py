"""The tables of the ranking study, summed up from comparisons over many random splits of the models."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.ranking.comparison import Design, calibrations, model_order
from understudy.ranking.matching import common_classes
from understudy.ranking.predictions import Predictions, some
from understudy.selection.aggregation import AGGREGATE
from understudy.statistics.rank_correlation import average_ranks

PLACE = ["draw", "split", "set", "metric"]
FIT = ["method", "penalty", "calibration_models"]


def over_draws(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Add the comparisons of all draws once more as draw -1, where there are several."""
    if comparisons["draw"].nunique() < 2:
        return comparisons
    return pd.concat([comparisons, comparisons.assign(draw=AGGREGATE)], ignore_index=True)


def summary(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Sum up the random splits of models: mean Spearman, the range that holds 95 % of them, mean absolute error.

    Rows keep the order in which places and fits first occur. Splits without a correlation, whose models all tie, are
    left out of it and counted in the reason. Draws that rank different numbers of models have the least one stated.
    """
    groups = over_draws(comparisons).groupby([*PLACE, *FIT], sort=False, dropna=False)
    found = groups.agg(
        models=("models", "min"),
        splits=("spearman", "size"),
        repeats=("spearman", "count"),
        spearman=("spearman", "mean"),
        ci_low=("spearman", lambda values: values.quantile(0.025)),
        ci_high=("spearman", lambda values: values.quantile(0.975)),
        mean_absolute_error=("absolute_error", "mean"),
    ).reset_index()
    lacking = found["splits"] - found["repeats"]
    reasons = [
        f"in {n} of {splits} splits all ranked models tie, so that there is no correlation" if n else ""
        for n, splits in zip(lacking, found.pop("splits"), strict=True)
    ]
    return found.assign(reason=reasons)


def calibration_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration` (table 3 of the paper): each set and method at the main number of calibration models."""
    penalties = comparisons["penalty"]
    main = comparisons["calibration_models"] == design.calibration_models
    return summary(comparisons[main & (penalties.isna() | (penalties == design.penalty))])


def calibration_models_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration_models` (table 4): each set and method by the number of calibration models."""
    penalties = comparisons["penalty"]
    chosen = comparisons[
        comparisons["calibration_models"].isin(design.counts) & (penalties.isna() | (penalties == design.penalty))
    ]
    return summary(chosen).sort_values([*PLACE, "calibration_models"], kind="stable", ignore_index=True)


def calibration_penalties_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration_penalties`: the ridge method by its penalty, whose value in the paper isn't known."""
    main = comparisons["calibration_models"] == design.calibration_models
    return summary(comparisons[main & (comparisons["method"] == "ridge")])


def model_ranking(
    synthetic: Predictions,
    calibration: Predictions | None,
    ranking: Predictions | None,
    *,
    design: Design,
    top: int = 1,
    drop_classes: bool = False,
) -> pd.DataFrame:
    """Rank the models by their risks as one synthetic set estimates them, with each method.

    Where `ranking` judges, the calibration models are those of the first random split; otherwise all models that
    `calibration` has predictions of. Without `calibration` there is the uncalibrated estimate alone.

    Returns
    -------
    pandas.DataFrame
        A row per model and method: metric, method, model, calibrates, estimate, rank (1 is the least estimate; ties
        share their mean rank), real_risk (on the images of `ranking`, else of `calibration`, of the classes that all
        sets have; NaN where unknown).

    Raises
    ------
    StudyError
        Fewer than two calibration models; classes that don't fit together.

    """
    models = tuple(sorted(synthetic.models))
    synthetic = synthetic.of_models(models)
    known = _known_models(models, calibration, ranking, design)
    fits: list = [("none", np.nan, None)]
    real_risk: dict[str, float] = {}
    if calibration is not None:
        synthetic, *real = common_classes([synthetic, *filter(None, (calibration, ranking))], drop_classes)
        errors, given = synthetic.of_models(known).errors(top), real[0].of_models(known)
        fits = list(
            calibrations(errors, synthetic.labels, given.class_risks(top), given.class_counts(), [design.penalty])
        )
        real_risk = dict(zip(real[-1].models, real[-1].errors(top).mean(axis=1), strict=True))
    errors = synthetic.errors(top).astype(np.float64)
    rows = []
    for method, _, fit in fits:
        estimate = (errors.mean(axis=1) if fit is None else fit.estimate(errors)).round(12)
        rows.append(
            pd.DataFrame(
                {
                    "metric": f"top{top}",
                    "method": method,
                    "model": models,
                    "calibrates": [model in known for model in models],
                    "estimate": estimate,
                    "rank": average_ranks(estimate),
                    "real_risk": [real_risk.get(model, np.nan) for model in models],
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _known_models(
    models: Sequence[str], calibration: Predictions | None, ranking: Predictions | None, design: Design
) -> list[str]:
    if calibration is None:
        return []
    if ranking is None:
        known = [model for model in models if model in set(calibration.models)]
        if len(known) < 2:
            raise StudyError(
                f"ranking.calibration: its models are {some(calibration.models)}, of which {len(known)} have synthetic "
                "predictions; at least 2 are needed to calibrate (without the key models are ranked as they are)"
            )
        return known
    order = model_order(len(models), design.seed, 0)
    return [models[place] for place in sorted(order[: design.calibration_models])]
