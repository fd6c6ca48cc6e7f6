"""Jobs of the ranking study: compare the methods of calibration, rank the models, sum up in tables."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.data.shards import read_labels
from understudy.files import read_json
from understudy.jobs.context import JobContext
from understudy.jobs.selection import write_both
from understudy.ranking.comparison import Design
from understudy.ranking.matching import split_halves
from understudy.ranking.prediction_formats import Classes, SetFiles, read_set
from understudy.ranking.predictions import REAL_SETS, Predictions, candidate_predictions
from understudy.ranking.tables import SUMMARIES, ranking_tables
from understudy.ranking.targets import Targets
from understudy.seeds import seed_for
from understudy.selection.class_shares import TargetShares, class_shares
from understudy.tables import read_table, read_tables, write_table


def rank_candidates(
    predictions: Mapping[str, Sequence[Path]],
    images: Mapping[str, Path],
    classes: Path,
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
    shares: Path,
) -> None:
    """Rank the candidates of one draw and split by each of its synthetic sets.

    Parameters
    ----------
    predictions, images
        Files of table `predictions`, and images, by set: `calibration`, `test`, and the synthetic ones.
    settings
        See `RankingSettings.calibration_settings`.
    shares
        The table `class_shares` of the split.

    """
    count = len(read_json(classes)["classes"])

    def read(name: str) -> Predictions:
        rows = read_tables(predictions[name], "predictions")
        return candidate_predictions(rows, read_labels(images[name]), count)

    sets = ((name, read(name)) for name in predictions if name not in REAL_SETS)
    counted = TargetShares(read_table(shares, "class_shares"))
    of_sets = (counted.of(context.draw, context.split, name) for name in ("", "test"))
    targets = Targets(*of_sets, counted.metric)
    _write_rankings(sets, [read(name) for name in REAL_SETS], targets, outputs, (settings, context))


def rank_models(
    sets: Mapping[str, SetFiles],
    real: Mapping[str, SetFiles],
    classes: Classes,
    evaluations: Sequence[Path],
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
    shares: Mapping | None = None,
) -> None:
    """Rank models by their predictions on given sets.

    Parameters
    ----------
    real
        `real`, which is halved; or `calibration` with or without `test`; or nothing.
    evaluations
        Files of table `model_evaluations`: a model that failed on a set is left out of all.
    settings
        See `RankingSettings.calibration_settings`.
    shares
        See `understudy.config.SelectionSettings.share_settings`; None: classes count for their images.

    """
    files, succeeded = {**sets, **real}, None
    if evaluations:
        rows = read_tables(evaluations, "model_evaluations")
        failed = set(rows.loc[rows["reason"] != "", "model"])
        succeeded = [model for model in dict.fromkeys(rows["model"]) if model not in failed]
    known = {name: read_set(name, files, classes, succeeded) for name in real}
    if "real" in known:
        known = dict(zip(REAL_SETS, split_halves(known["real"], seed_for(context.seed, "halves")), strict=True))
    named = ((name, read_set(name, files, classes, succeeded)) for name in sets)
    real_sets = [known.get(name) for name in REAL_SETS]
    _write_rankings(named, real_sets, _given_targets(classes, **(shares or {})), outputs, (settings, context))


def _given_targets(classes: Classes, metric: str = "error", given: Mapping[str, float] | None = None) -> Targets:
    """Return what classes count for in a ranking of models, whose training images nobody knows."""
    names = [str(number) for number in range(classes)] if isinstance(classes, int) else list(classes)
    if metric == "error" and not given:
        return Targets()
    table = class_shares(np.ones(len(names)), names, metric, given or {})
    return Targets(*(table[name].to_numpy() for name in ("share", "real_share")), metric)


def _write_rankings(
    sets: Iterable[tuple[str, Predictions]],
    real: Sequence[Predictions | None],
    targets: Targets,
    outputs: Mapping[str, Path],
    job: tuple[Mapping, JobContext],
) -> None:
    """Write what `outputs` has of `calibration_comparisons`, `model_ranking` and `image_weights`."""
    settings, context = job
    design = _design(settings, context)
    calibration, test = real
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in outputs}
    for name, rows in ranking_tables(sets, calibration, test, design, context.threads, targets):
        tables[name].append(rows)
    if test is not None and (left_out := design.left_out(len(test.models))):
        print(
            f"warning: ranking.calibration_counts: {', '.join(map(str, left_out))} left out of the tables: of "
            f"{len(test.models)} models too few would be left to rank",
            file=sys.stderr,
        )
    for name, parts in tables.items():
        rows = pd.concat(parts, ignore_index=True).assign(draw=context.draw, split=context.split)
        rows = rows if name == "image_weights" else rows.assign(class_metric=targets.metric)
        write_table(name, rows, outputs[name])


def write_calibration_tables(
    comparisons: Sequence[Path],
    rankings: Sequence[Path],
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
) -> None:
    """Write `model_ranking` and, where there are comparisons, the tables that sum these up.

    ``outputs`` gives the file of each table by its name, and that of its CSV by the name followed by `_csv`.
    """
    tables = {"model_ranking": read_tables(rankings, "model_ranking")}
    if comparisons:
        rows, design = read_tables(comparisons, "calibration_comparisons"), _design(settings, context)
        metric = rows["class_metric"].iloc[0]
        tables |= {name: build(rows, design).assign(class_metric=metric) for name, build in SUMMARIES.items()}
    for name, table in tables.items():
        write_both(name, table, outputs[name], outputs[f"{name}_csv"])


def _design(settings: Mapping, context: JobContext) -> Design:
    return Design(**settings, seed=seed_for(context.seed, "ranking"))
