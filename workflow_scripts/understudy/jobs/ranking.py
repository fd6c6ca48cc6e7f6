"""Jobs of the ranking study: compare the methods of calibration, rank the models, sum up in tables."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

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
from understudy.seeds import seed_for
from understudy.tables import read_tables, write_table


def rank_candidates(
    predictions: Mapping[str, Sequence[Path]],
    images: Mapping[str, Path],
    classes: Path,
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
) -> None:
    """Rank the candidates of one draw and split by each of its synthetic sets.

    Parameters
    ----------
    predictions, images
        Files of table `predictions`, and images, by set: `calibration`, `test`, and the synthetic ones.
    settings
        See `RankingSettings.calibration_settings`.

    """
    count = len(read_json(classes)["classes"])

    def read(name: str) -> Predictions:
        rows = read_tables(predictions[name], "predictions")
        return candidate_predictions(rows, read_labels(images[name]), count)

    sets = ((name, read(name)) for name in predictions if name not in REAL_SETS)
    _write_rankings(sets, [read(name) for name in REAL_SETS], outputs, settings, context)


def rank_models(
    sets: Mapping[str, SetFiles],
    real: Mapping[str, SetFiles],
    classes: Classes,
    evaluations: Sequence[Path],
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
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
    _write_rankings(named, [known.get(name) for name in REAL_SETS], outputs, settings, context)


def _write_rankings(
    sets: Iterable[tuple[str, Predictions]],
    real: Sequence[Predictions | None],
    outputs: Mapping[str, Path],
    settings: Mapping,
    context: JobContext,
) -> None:
    """Write what `outputs` has of `calibration_comparisons`, `model_ranking` and `image_weights`."""
    design = _design(settings, context)
    calibration, test = real
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in outputs}
    for name, rows in ranking_tables(sets, calibration, test, design, context.threads):
        tables[name].append(rows)
    if test is not None and (left_out := design.left_out(len(test.models))):
        print(
            f"warning: ranking.calibration_counts: {', '.join(map(str, left_out))} left out of the tables: of "
            f"{len(test.models)} models too few would be left to rank",
            file=sys.stderr,
        )
    for name, parts in tables.items():
        rows = pd.concat(parts, ignore_index=True).assign(draw=context.draw, split=context.split)
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
        tables |= {name: build(rows, design) for name, build in SUMMARIES.items()}
    for name, table in tables.items():
        write_both(name, table, outputs[name], outputs[f"{name}_csv"])


def _design(settings: Mapping, context: JobContext) -> Design:
    return Design(**settings, seed=seed_for(context.seed, "ranking"))
