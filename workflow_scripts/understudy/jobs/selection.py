"""Jobs of the tables: read counts and predictions, compute one table, write it as parquet and CSV."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from understudy.data.shards import read_index, read_labels
from understudy.jobs.context import JobContext
from understudy.seeds import seed_for
from understudy.selection.class_errors import chosen_runs, class_errors, class_summary
from understudy.selection.class_shares import TargetShares
from understudy.selection.comparison import protocol_comparison, protocol_differences
from understudy.selection.gain import selection_gain
from understudy.selection.rank_certificates import (
    ClusteredErrors,
    certificate_summary,
    disagreement_variation,
    rank_certificates,
)
from understudy.selection.rank_preservation import rank_preservation
from understudy.selection.split_errors import Covariances, StudyErrors
from understudy.selection.subsets import protocol_subsets
from understudy.statistics.sampling_covariance import ErrorCovariance, error_covariance
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
    predictions: Sequence[Path], images: Mapping[EvaluationSet, Path], shares: TargetShares
) -> Iterator[tuple[EvaluationSet, pd.DataFrame, np.ndarray, ErrorCovariance]]:
    """Yield each evaluation set with the predictions on it, its labels, int [N], and the sampling covariance of errors.

    ``images`` gives the images of each set, a file or a folder of shards, for their labels. One set at a time: the
    predictions of a whole study need not fit into memory.
    """
    files: dict[EvaluationSet, list[Path]] = {}
    for path in predictions:
        sets = read_table(path, "predictions", ["draw", "split", "set"]).drop_duplicates()
        for key in sets.itertuples(index=False, name=None):
            files.setdefault(key, []).append(path)
    for key, paths in files.items():
        rows = read_tables(paths, "predictions")
        # A set that chooses is only asked how it orders runs at their last snapshots.
        rows = rows if key[2] == "test" else rows[rows["is_last"]].reset_index(drop=True)
        labels = read_labels(images[key])
        # Draws of the splits share test images, which have a number in the data; synthetic images are each draw's own.
        index = read_index(images[key]) if key[2] == "test" else None
        yield key, rows, labels, error_covariance(rows, labels, index, shares.of(*key))


def write_both(name: str, rows: pd.DataFrame, table: Path, csv: Path) -> None:
    """Write a table as parquet and as CSV."""
    for path in (table, csv):
        write_table(name, rows, path)


def join_tables(name: str, parts: Sequence[Path], table: Path, csv: Path) -> None:
    """Put parts of a table one below the other."""
    write_both(name, read_tables(parts, name), table, csv)


def write_selection_table(
    counts: Sequence[Path],
    predictions: Sequence[Path],
    images: Mapping[EvaluationSet, Path],
    shares: Sequence[Path],
    outputs: tuple[Path, Path],
    n_resamples: int,
    has_test: bool,
    context: JobContext,
) -> None:
    """Compute and write the wildcard's table, one of ``BUILDERS``, whose own documentation says what it holds."""
    name = context.wildcards["table"]
    targets = TargetShares(read_tables(shares, "class_shares"))
    covariances = {key: covariance for key, _, _, covariance in read_sets(predictions, images, targets)}
    study = _study_errors(counts, covariances, targets, has_test)
    rows = BUILDERS[name](study, seed=seed_for(context.seed, name), n_resamples=n_resamples)
    write_both(name, rows, *outputs)


def _study_errors(counts: Sequence[Path], covariances: Covariances, shares: TargetShares, test: bool) -> StudyErrors:
    rows = shares.add_to(read_tables(counts, "counts"))
    return StudyErrors(rows, covariances, "test" if test else None, shares.metric)


def write_certificates(
    counts: Sequence[Path],
    predictions: Sequence[Path],
    images: Mapping[EvaluationSet, Path],
    shares: Sequence[Path],
    quality: Path,
    clusters: Sequence[Path],
    outputs: Mapping[str, Path],
    has_test: bool,
) -> None:
    """Write the tables rank_certificates and certificate_summary, with the total variation that ``quality`` measured.

    ``clusters`` are tables feature_clusters, for the total variation over each pair's region of disagreement.
    ``outputs`` gives the file of each table by its name, and that of its CSV by the name followed by `_csv`.
    """
    measured = read_table(quality, "generator_quality").query("label == 'all'")
    variation = measured.set_index(["draw", "split", "generator"])["total_variation"].to_dict()
    clusterings = read_tables(clusters, "feature_clusters").groupby(["draw", "split", "generator"])
    shared = {key: part.sort_values("repeat").groupby("set")["clusters"] for key, part in clusterings}
    targets = TargetShares(read_tables(shares, "class_shares"))
    covariances, clustered = {}, {}
    for of_set, rows, labels, covariance in read_sets(predictions, images, targets):
        covariances[of_set] = covariance
        for key, assignments in shared.items():
            # Each generator has clusterings of its own, so the test images are clustered once for each.
            if key[:2] == of_set[:2] and of_set[2] in ("test", key[2]):
                assigned = np.stack(list(assignments.get_group(of_set[2])))
                clustered[key, of_set[2]] = ClusteredErrors.of(rows, labels, assigned, targets.of(*of_set))
    study = _study_errors(counts, covariances, targets, has_test)
    restricted = {key: disagreement_variation(clustered[key, "test"], clustered[key, key[2]]) for key in shared}
    certificates = rank_certificates(study, variation, restricted)
    tables = {"rank_certificates": certificates, "certificate_summary": certificate_summary(certificates)}
    for name, table in tables.items():
        write_both(name, table, outputs[name], outputs[f"{name}_csv"])


def write_class_errors(
    comparison: Path,
    predictions: Sequence[Path],
    images: Mapping[EvaluationSet, Path],
    shares: Sequence[Path],
    outputs: Mapping[str, Path],
) -> None:
    """Write the tables class_errors and class_summary of the snapshots that the table ``comparison`` names.

    ``outputs`` as `write_certificates` has it.
    """
    choices = chosen_runs(read_table(comparison, "protocol_comparison"))
    targets = TargetShares(read_tables(shares, "class_shares"))
    snapshots = choices[["draw", "split", "run", "epoch"]].drop_duplicates()
    # Few of a file's rows are chosen, and all rows of a large study would not fit into memory.
    rows = pd.concat([read_table(path, "predictions").merge(snapshots) for path in predictions], ignore_index=True)
    labels = {key: read_labels(path) for key, path in images.items()}
    table = class_errors(choices, rows, labels, targets)
    for name, frame in (("class_errors", table), ("class_summary", class_summary(table, targets))):
        write_both(name, frame, outputs[name], outputs[f"{name}_csv"])
