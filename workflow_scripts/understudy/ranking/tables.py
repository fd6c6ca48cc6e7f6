"""The tables of the ranking study, summed up from comparisons over many random splits of the models."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from understudy.errors import StudyError
from understudy.ranking.calibration import CalibrationData, uncalibrated
from understudy.ranking.comparison import Design, compare_methods, compare_real_sets
from understudy.ranking.matching import common_classes, shared_classes
from understudy.ranking.methods import calibrations
from understudy.ranking.predictions import REAL_SETS, Predictions
from understudy.ranking.targets import Targets, image_weights_for, risks
from understudy.ranking.weights import image_weights
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.class_shares import check_present
from understudy.text import some

RANKING = ["draw", "split", "set", "metric"]
FIT = ["method", "penalty", "calibration_models"]

Tables = Iterator[tuple[str, pd.DataFrame]]
"""Names of tables, and some of their rows."""


def summary(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Sum up the random splits of models: mean Spearman, the range that holds 95 % of them, mean absolute error.

    Several draws are summed up once more together, as draw -1. Rows keep the order in which rankings and fits first
    occur. Splits without a correlation, whose models all tie, are left out of it and counted in the reason. Draws that
    rank different numbers of models have the lowest one stated.
    """
    if comparisons["draw"].nunique() > 1:
        comparisons = pd.concat([comparisons, comparisons.assign(draw=AGGREGATE)], ignore_index=True)
    found = (
        comparisons.groupby([*RANKING, *FIT], sort=False, dropna=False)
        .agg(
            models=("models", "min"),
            splits=("spearman", "size"),
            repeats=("spearman", "count"),
            spearman=("spearman", "mean"),
            ci_low=("spearman", lambda values: values.quantile(0.025)),
            ci_high=("spearman", lambda values: values.quantile(0.975)),
            mean_absolute_error=("absolute_error", "mean"),
        )
        .reset_index()
    )
    lacking = found["splits"] - found["repeats"]
    reasons = [
        f"in {n} of {splits} splits all ranked models tie, so that there is no correlation" if n else ""
        for n, splits in zip(lacking, found.pop("splits"), strict=True)
    ]
    return found.assign(reason=reasons)


def calibration_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration` (table 3 of the paper): each set and method at the main number of calibration models."""
    main = comparisons["calibration_models"] == design.calibration_models
    return summary(comparisons[main & _of_penalty(comparisons, design)])


def calibration_models_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration_models` (table 4): each set and method by the number of calibration models."""
    counted = comparisons["calibration_models"].isin(design.calibration_counts)
    rows = summary(comparisons[counted & _of_penalty(comparisons, design)])
    return rows.sort_values([*RANKING, "calibration_models"], kind="stable", ignore_index=True)


def calibration_penalties_table(comparisons: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Build `calibration_penalties`: the ridge method by its penalty, whose value in the paper isn't known."""
    main = comparisons["calibration_models"] == design.calibration_models
    return summary(comparisons[main & comparisons["penalty"].notna()])


def _of_penalty(comparisons: pd.DataFrame, design: Design) -> pd.Series:
    return comparisons["penalty"].isna() | (comparisons["penalty"] == design.penalty)


SUMMARIES = {
    "calibration": calibration_table,
    "calibration_models": calibration_models_table,
    "calibration_penalties": calibration_penalties_table,
}
"""The tables that sum up `calibration_comparisons`."""


def ranking_tables(
    sets: Iterable[tuple[str, Predictions]],
    calibration: Predictions | None,
    test: Predictions | None,
    design: Design,
    threads: int = 1,
    targets: Targets | None = None,
) -> Tables:
    """Yield the rows of `calibration_comparisons`, `model_ranking` and `image_weights` that can be told.

    Parameters
    ----------
    sets
        The synthetic sets by their names; each is read when its turn comes.
    calibration, test
        Real images: what gives the calibration models' risks, and what judges the ranking.
    targets
        What classes count for.

    """
    targets = targets or Targets()
    real = [one for one in (calibration, test) if one is not None]
    for name, synthetic in sets:
        for top in _tops([synthetic, *real]):
            if test is not None:
                rows = compare_methods(synthetic, calibration, test, design, top=top, threads=threads, targets=targets)
                yield "calibration_comparisons", rows.assign(set=name)
            ranking = model_ranking(synthetic, calibration, test, design, top=top, targets=targets)
            yield "model_ranking", ranking.assign(set=name)
        if calibration is not None:
            known = ranking.loc[ranking["calibrates"] & (ranking["method"] == "none"), "model"].tolist()
            yield "image_weights", image_weights(synthetic, calibration, known, design).assign(set=name)
    if test is not None:
        for top in _tops(real):
            rows = compare_real_sets(calibration, test, design, top=top, targets=targets)
            yield "calibration_comparisons", rows.assign(set=REAL_SETS[0])


def _tops(sets: Sequence[Predictions]) -> list[int]:
    """Return which errors can be told on all sets: top-1, and top-5 where there are five labels an image."""
    return [top for top in (1, 5) if all(one.predicted.shape[2] >= top for one in sets)]


def model_ranking(
    synthetic: Predictions,
    calibration: Predictions | None,
    ranking: Predictions | None,
    design: Design,
    *,
    top: int = 1,
    targets: Targets | None = None,
) -> pd.DataFrame:
    """Rank the models by their risks as one synthetic set estimates them, with each method.

    Where `ranking` judges, the calibration models are those of the first random split; otherwise all models that
    `calibration` has predictions of. Without `calibration` there is the uncalibrated estimate alone.

    Returns
    -------
    pandas.DataFrame
        A row per model and method: metric, method, model, calibrates, estimate, rank (1 is the lowest estimate; ties
        share their mean rank), real_risk (on the images of `ranking`, else of `calibration`, of the classes that all
        sets have; NaN where unknown).

    Raises
    ------
    StudyError
        Fewer than two calibration models; classes that don't fit together.

    """
    models = tuple(sorted(synthetic.models))
    synthetic, targets = synthetic.of_models(models), targets or Targets()
    known = _known_models(models, calibration, ranking, design)
    if calibration is None and targets.synthetic is not None:
        images = np.bincount(synthetic.labels, minlength=synthetic.classes)
        check_present(images, targets.synthetic, "a set of the ranking")
    weights = image_weights_for(targets.synthetic, synthetic.labels, synthetic.classes)
    fits = [("none", uncalibrated(weights))]
    real_risk: dict[str, float] = {}
    if calibration is not None:
        sets = [synthetic, *filter(None, (calibration, ranking))]
        targets = targets.of_classes(shared_classes(sets, design.drop_classes))
        synthetic, *real = common_classes(sets, design.drop_classes)
        errors, given = synthetic.of_models(known).errors(top), real[0].of_models(known)
        shares = targets.synthetic, targets.real
        data = CalibrationData(errors, synthetic.labels, given.class_risks(top), given.class_counts(), *shares)
        fits = [(method, fit) for method, _, fit in calibrations(data, [design.penalty])]
        real_risk = dict(zip(real[-1].models, risks(real[-1], top, targets.real), strict=True))
    errors = synthetic.errors(top).astype(np.float64)
    of_models = {
        "metric": f"top{top}",
        "model": models,
        "calibrates": [model in known for model in models],
        "real_risk": [real_risk.get(model, np.nan) for model in models],
    }
    estimates = {method: fit.estimate(errors).round(12) for method, fit in fits}
    rows = [
        pd.DataFrame({**of_models, "method": method, "estimate": estimate, "rank": rankdata(estimate)})
        for method, estimate in estimates.items()
    ]
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
    order = design.order(len(models), repeat=0)
    return [models[position] for position in sorted(order[: design.calibration_models])]
