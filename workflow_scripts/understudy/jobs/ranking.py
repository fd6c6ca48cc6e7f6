"""Jobs of the ranking study: compare the methods of calibration, rank the models, sum up in tables."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from understudy.data.shards import read_labels
from understudy.files import read_json
from understudy.jobs.selection import write_both
from understudy.ranking.candidates import candidate_predictions
from understudy.ranking.comparison import Design, compare_methods, compare_real_sets
from understudy.ranking.matching import halves
from understudy.ranking.predictions import Predictions
from understudy.ranking.sets import SetFiles, Sets
from understudy.ranking.tables import (
    calibration_models_table,
    calibration_penalties_table,
    calibration_table,
    model_ranking,
)
from understudy.ranking.weights import image_weights
from understudy.seeds import seed_for
from understudy.tables import read_tables, write_table

REAL = "calibration"
"""The set whose real images give the calibration models' risks."""


def rank_candidates(
    predictions: Mapping[str, Sequence[Path]],
    images: Mapping[str, Path],
    classes: Path,
    outputs: Mapping[str, Path],
    *,
    where: Mapping[str, int | str],
    settings: Mapping,
    study_seed: int,
) -> None:
    """Rank the candidates of one draw and split by each of its synthetic sets.

    Parameters
    ----------
    predictions, images
        Files of table `predictions`, and images, by set: `calibration`, `test`, and the synthetic ones.
    where
        The columns draw and split.
    settings
        As :class:`understudy.ranking.settings.RankingSettings` dumps them.

    """
    count = len(read_json(classes)["classes"])

    def read(name: str) -> Predictions:
        rows = read_tables(predictions[name], "predictions")
        return candidate_predictions(rows, read_labels(images[name]), count)

    names = [name for name in predictions if name not in (REAL, "test")]
    _write_rankings(names, read, read(REAL), read("test"), outputs, where, settings, study_seed)


def rank_models(
    sets: Mapping[str, SetFiles],
    real: Mapping[str, SetFiles],
    classes: int | Sequence[str],
    evaluations: Sequence[Path],
    outputs: Mapping[str, Path],
    *,
    settings: Mapping,
    study_seed: int,
    threads: int = 1,
) -> None:
    """Rank models by their predictions on given sets.

    Parameters
    ----------
    real
        `real`, which is halved; or `calibration` with or without `test`; or nothing.
    evaluations
        Files of table `model_evaluations`: a model that failed on a set is left out of all.

    """
    files = {**sets, **real}
    succeeded = None
    if evaluations:
        rows = read_tables(evaluations, "model_evaluations")
        failed = set(rows.loc[rows["reason"] != "", "model"])
        succeeded = [model for model in dict.fromkeys(rows["model"]) if model not in failed]
    reader = Sets(files, classes, succeeded)
    known = {name: reader.read(name) for name in real}
    calibration, test = known.get("calibration"), known.get("test")
    if "real" in known:
        calibration, test = halves(known["real"], seed_for(study_seed, "halves"))
    where = {"draw": 0, "split": ""}
    _write_rankings(list(sets), reader.read, calibration, test, outputs, where, settings, study_seed, threads)


def _write_rankings(
    names: Sequence[str],
    read: Callable[[str], Predictions],
    calibration: Predictions | None,
    test: Predictions | None,
    outputs: Mapping[str, Path],
    where: Mapping[str, int | str],
    settings: Mapping,
    study_seed: int,
    threads: int = 1,
) -> None:
    """Write what `outputs` has of `calibration_comparisons`, `model_ranking` and `image_weights`."""
    design, drop = _design(settings, study_seed), settings["drop_classes"]
    real = [one for one in (calibration, test) if one is not None]
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in outputs}
    for name in names:
        synthetic = read(name)
        for top in _tops([synthetic, *real]):
            if test is not None:
                rows = compare_methods(
                    synthetic, calibration, test, design, top=top, drop_classes=drop, threads=threads
                )
                tables["calibration_comparisons"].append(rows.assign(set=name))
            rows = model_ranking(synthetic, calibration, test, design=design, top=top, drop_classes=drop)
            tables["model_ranking"].append(rows.assign(set=name))
        known = rows.loc[rows["calibrates"] & (rows["method"] == "none"), "model"].tolist()
        if calibration is not None:
            weights = image_weights(synthetic, calibration, known, design.penalty, drop_classes=drop)
            tables["image_weights"].append(weights.assign(set=name))
    if test is not None:
        for top in _tops(real):
            tables["calibration_comparisons"].append(
                compare_real_sets(calibration, test, design, top=top, drop_classes=drop).assign(set=REAL)
            )
    if test is not None and (left_out := design.left_out(len(test.models))):
        print(
            f"warning: ranking.calibration_counts: {', '.join(map(str, left_out))} left out of the tables: of "
            f"{len(test.models)} models too few would be left to rank",
            file=sys.stderr,
        )
    for name, parts in tables.items():
        write_table(name, pd.concat(parts, ignore_index=True).assign(**where), outputs[name])


def _tops(sets: Sequence[Predictions]) -> list[int]:
    """Return which errors can be told on all sets: top-1, and top-5 where there are five labels an image."""
    return [top for top in (1, 5) if all(one.predicted.shape[2] >= top for one in sets)]


TABLES = {
    "calibration": calibration_table,
    "calibration_models": calibration_models_table,
    "calibration_penalties": calibration_penalties_table,
}


def write_calibration_tables(
    comparisons: Sequence[Path],
    rankings: Sequence[Path],
    tables: Mapping[str, tuple[Path, Path]],
    *,
    settings: Mapping,
    study_seed: int,
) -> None:
    """Write `model_ranking` and, where there are comparisons, the tables that sum these up; parquet and CSV each."""
    design = _design(settings, study_seed)
    write_both("model_ranking", read_tables(rankings, "model_ranking"), *tables["model_ranking"])
    if comparisons:
        rows = read_tables(comparisons, "calibration_comparisons")
        for name, build in TABLES.items():
            write_both(name, build(rows, design), *tables[name])


def _design(settings: Mapping, study_seed: int) -> Design:
    return Design(
        settings["calibration_models"],
        tuple(settings["calibration_counts"]),
        settings["penalty"],
        tuple(settings["penalties"]),
        settings["repeats"],
        seed_for(study_seed, "ranking"),
    )
