"""Jobs of the ranking study: compare the methods of calibration, rank the models, sum up in tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from understudy.data.shards import read_labels
from understudy.files import read_json
from understudy.jobs.tables import write_both
from understudy.ranking.candidates import candidate_predictions
from understudy.ranking.comparison import Design, compare_methods, compare_real_sets
from understudy.ranking.predictions import Predictions
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
    sets = {
        name: candidate_predictions(read_tables(files, "predictions"), read_labels(images[name]), count)
        for name, files in predictions.items()
    }
    calibration, ranking = sets.pop(REAL), sets.pop("test")
    _write_rankings(sets, calibration, ranking, outputs, where=where, settings=settings, study_seed=study_seed)


def _write_rankings(
    sets: Mapping[str, Predictions],
    calibration: Predictions,
    ranking: Predictions,
    outputs: Mapping[str, Path],
    *,
    where: Mapping[str, int | str],
    settings: Mapping,
    study_seed: int,
) -> None:
    design, drop = _design(settings, study_seed), settings["drop_classes"]
    everything = [*sets.values(), calibration, ranking]
    tops = [top for top in (1, 5) if all(one.predicted.shape[2] >= top for one in everything)]
    compared, ranked, weighed = [], [], []
    for name, synthetic in sets.items():
        for top in tops:
            rows = compare_methods(synthetic, calibration, ranking, design, top=top, drop_classes=drop)
            compared.append(rows.assign(set=name))
            rows = model_ranking(synthetic, calibration, ranking, design=design, top=top, drop_classes=drop)
            ranked.append(rows.assign(set=name))
        known = rows.loc[rows["calibrates"] & (rows["method"] == "none"), "model"].tolist()
        weights = image_weights(synthetic, calibration, known, design.penalty, drop_classes=drop)
        weighed.append(weights.assign(set=name))
    for top in tops:
        compared.append(compare_real_sets(calibration, ranking, design, top=top).assign(set=REAL))
    for name, parts in (("calibration_comparisons", compared), ("model_ranking", ranked), ("image_weights", weighed)):
        write_table(name, pd.concat(parts, ignore_index=True).assign(**where), outputs[name])


def write_calibration_tables(
    comparisons: Sequence[Path],
    rankings: Sequence[Path],
    tables: Mapping[str, tuple[Path, Path]],
    *,
    settings: Mapping,
    study_seed: int,
) -> None:
    """Write `calibration`, `calibration_models`, `calibration_penalties` and `model_ranking`, parquet and CSV each."""
    design = _design(settings, study_seed)
    rows = read_tables(comparisons, "calibration_comparisons")
    write_both("calibration", calibration_table(rows, design), *tables["calibration"])
    write_both("calibration_models", calibration_models_table(rows, design), *tables["calibration_models"])
    write_both("calibration_penalties", calibration_penalties_table(rows, design), *tables["calibration_penalties"])
    write_both("model_ranking", read_tables(rankings, "model_ranking"), *tables["model_ranking"])


def _design(settings: Mapping, study_seed: int) -> Design:
    return Design(
        settings["calibration_models"],
        tuple(settings["calibration_counts"]),
        settings["penalty"],
        tuple(settings["penalties"]),
        settings["repeats"],
        seed_for(study_seed, "ranking"),
    )
