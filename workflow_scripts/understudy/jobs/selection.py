"""Jobs of the tables: read counts and predictions, compute one table, write it as parquet and CSV."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.data.shards import read_index, read_labels
from understudy.seeds import seed_for
from understudy.selection.comparison import protocol_comparison, protocol_differences
from understudy.selection.gain import selection_gain
from understudy.selection.rank_certificates import (
    ClusteredErrors,
    certificate_summary,
    disagreement_variation,
    rank_certificates,
)
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import Noise
from understudy.selection.subsets import protocol_subsets
from understudy.statistics.sampling_covariance import ErrorNoise, error_noise
from understudy.tables import read_table, read_tables, write_table

BUILDERS = {
    "rank_preservation": rank_preservation,
    "selection_gain": selection_gain,
    "protocol_comparison": protocol_comparison,
    "protocol_differences": protocol_differences,
    "protocol_subsets": protocol_subsets,
}

EvaluationSet = tuple[int, str, str]
"""Draw, split and name of an evaluation set."""


def read_sets(
    predictions: Sequence[Path], sets: dict[EvaluationSet, Path]
) -> Iterator[tuple[EvaluationSet, pd.DataFrame, np.ndarray, ErrorNoise]]:
    """Yield each evaluation set with the predictions on it, its labels, int [N], and the noise of errors on it.

    ``sets`` gives the images of each set, a file or a folder of shards, for their labels. One set at a time: the
    predictions of a whole study need not fit into memory.
    """
    files: dict[EvaluationSet, list[Path]] = {}
    for path in predictions:
        places = read_table(path, "predictions", ["draw", "split", "set"]).drop_duplicates()
        for place in places.itertuples(index=False):
            files.setdefault((place.draw, place.split, place.set), []).append(path)
    for key, paths in files.items():
        rows = read_tables(paths, "predictions")
        # A set that chooses is only asked how it orders runs at their last snapshots.
        rows = rows if key[2] == "test" else rows[rows["is_last"]].reset_index(drop=True)
        labels = read_labels(sets[key])
        # Draws of the splits share test images, which have a number in the data; synthetic images are each draw's own.
        index = read_index(sets[key]) if key[2] == "test" else None
        yield key, rows, labels, error_noise(rows, labels, index)


def read_noise(predictions: Sequence[Path], sets: dict[EvaluationSet, Path]) -> Noise:
    """Read predictions and reduce them, set by set, to the noise that the choice of images puts on errors."""
    return {key: noise for key, _, _, noise in read_sets(predictions, sets)}


def write_both(name: str, rows: pd.DataFrame, table: Path, csv: Path) -> None:
    """Write a table as parquet and as CSV."""
    write_table(name, rows, table)
    write_table(name, rows, csv)


def write_certificates(
    counts: Sequence[Path],
    predictions: Sequence[Path],
    sets: dict[EvaluationSet, Path],
    quality: Path,
    clusters: Sequence[Path],
    tables: dict[str, tuple[Path, Path]],
    *,
    has_test: bool,
) -> None:
    """Write the tables rank_certificates and certificate_summary, with the total variation that ``quality`` measured.

    ``clusters`` are tables feature_clusters, for the total variation over each pair's region of disagreement.
    ``tables`` gives, for each of the two to write, where it goes as parquet and as CSV.
    """
    measured = read_table(quality, "generator_quality").query("label == 'all'")
    variation = measured.set_index(["draw", "split", "generator"])["total_variation"].to_dict()
    clusterings = read_tables(clusters, "feature_clusters").groupby(["draw", "split", "generator"])
    shared = {key: part.sort_values("repeat").groupby("set")["clusters"] for key, part in clusterings}
    noise, clustered = {}, {}
    for place, rows, labels, of_set in read_sets(predictions, sets):
        noise[place] = of_set
        for key, assignments in shared.items():
            # Each generator has clusterings of its own, so the test images are clustered once for each.
            if key[:2] == place[:2] and place[2] in ("test", key[2]):
                assigned = np.stack(list(assignments.get_group(place[2])))
                clustered[key, place[2]] = ClusteredErrors.of(rows, labels, assigned)
    certificates = rank_certificates(
        read_tables(counts, "counts"),
        noise,
        variation,
        restricted={key: disagreement_variation(clustered[key, "test"], clustered[key, key[2]]) for key in shared},
        test="test" if has_test else None,
    )
    write_both("rank_certificates", certificates, *tables["rank_certificates"])
    write_both("certificate_summary", certificate_summary(certificates), *tables["certificate_summary"])


def join_tables(name: str, parts: Sequence[Path], table: Path, csv: Path) -> None:
    """Put parts of a table one below the other."""
    write_both(name, read_tables(parts, name), table, csv)


def write_selection_table(
    name: str,
    counts: Sequence[Path],
    predictions: Sequence[Path],
    sets: dict[EvaluationSet, Path],
    table: Path,
    csv: Path,
    *,
    study_seed: int,
    resamples: int,
    has_test: bool,
) -> None:
    """Compute and write one of the tables in ``BUILDERS``; the builder's own documentation says what it holds."""
    data = read_tables(counts, "counts"), read_noise(predictions, sets)
    seed, test = seed_for(study_seed, name), "test" if has_test else None
    rows = BUILDERS[name](*data, seed=seed, resamples=resamples, test=test)
    write_both(name, rows, table, csv)
