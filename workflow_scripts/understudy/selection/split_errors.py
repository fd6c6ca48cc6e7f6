"""The errors of one draw's split, with the sampling covariance on its test set, from which all tables are made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.selection.choices import best_snapshots, check_counts, generator_names, last_snapshots, snapshot_errors
from understudy.statistics.sampling_covariance import ErrorCovariance, shared_images

Covariances = Mapping[tuple[int, str, str], ErrorCovariance]
"""Sampling covariance by (draw, split, set)."""

SNAPSHOT = ["regime", "run", "epoch"]


@dataclass(frozen=True)
class Half:
    """Test images that measure what the other half of them chooses: the oracle's.

    ``fraction``: of the test images; ``last`` and ``best``: snapshots of all runs, the best by the other half, with
    error (on the half that chooses), test_error (on this half) and covariance_row.
    """

    fraction: float
    last: pd.DataFrame
    best: pd.DataFrame

    def of_architecture(self, regime: str, architecture: str) -> list[pd.DataFrame]:
        """Last and best snapshots of an architecture's runs of a regime, sorted by seed."""
        return [groups[regime, architecture] for groups in self._groups]

    @cached_property
    def _groups(self) -> list[dict[tuple[str, str], pd.DataFrame]]:
        return [dict(iter(rows.groupby(["regime", "architecture"], observed=True))) for rows in (self.last, self.best)]


@dataclass(frozen=True)
class SplitErrors:
    """Counts of one draw and split, the test set's name or None without one, and the sampling covariances by set."""

    draw: int
    split: str
    counts: pd.DataFrame
    test: str | None
    covariances: Mapping[str, ErrorCovariance]

    @property
    def covariance(self) -> np.ndarray:
        """Sampling covariance of the kept snapshots' errors on the test set: float64 [R, R]."""
        return self.covariances[self.test].covariance

    def covariance_on(self, name: str) -> ErrorCovariance:
        """Return the sampling covariance on a set; StudyError where the set has no predictions."""
        if name not in self.covariances:
            raise StudyError(
                f"draw {self.draw}, {self.split} has no predictions on set {name!r}: evaluate the runs there first"
            )
        return self.covariances[name]

    def share_shift(self, name: str) -> float:
        """Total variation between the classes' shares of the images and what they count for, on a set and the test set.

        0 where classes count for their images, up to rounding.
        """
        names = {name, *([self.test] if self.test else [])} if "share" in self.counts else ()
        return sum(_shift(self.counts[self.counts["set"] == one]) for one in sorted(names))

    @cached_property
    def last(self) -> pd.DataFrame:
        """Last snapshots on every set."""
        return last_snapshots(self.counts)

    @cached_property
    def best(self) -> pd.DataFrame:
        """Best snapshots on every set."""
        return best_snapshots(self.counts)

    @cached_property
    def families(self) -> list[str]:
        """The families of architectures, and `all` where there are several."""
        names = sorted(self.last["family"].astype(str).unique())
        return [*names, "all"] if len(names) > 1 else names

    @cached_property
    def selection_sets(self) -> list[tuple[str, str]]:
        """Pairs (set, regime) that may choose: each synthetic set for full runs, `validation` for subtrain runs."""
        sets = [(name, "full") for name in generator_names(self.counts)]
        chosen = self.last[(self.last["regime"] == "subtrain") & (self.last["set"] == "validation")]
        return sets + ([("validation", "subtrain")] if len(chosen) else [])

    def part(self, snapshots: pd.DataFrame, name: str, regime: str, family: str | None = None) -> pd.DataFrame:
        """Rows of `snapshots` on the set `name`, of a regime and family, sorted by architecture and seed.

        Columns added: error, the fraction on that set; with a test set also test_error, and covariance_row, the
        position in the test set's sampling covariance.
        """
        mask = (snapshots["set"] == name) & (snapshots["regime"] == regime)
        if family is not None:
            mask &= snapshots["family"] == family
        rows = snapshots[mask].sort_values(["architecture", "seed"], kind="stable").reset_index(drop=True)
        rows["error"] = rows["errors"] / rows["images"]
        return rows if self.test is None else self._measured(rows, self._test_errors)

    def _measured(self, rows: pd.DataFrame, test_errors: pd.Series) -> pd.DataFrame:
        """Add test_error and covariance_row."""
        keys = pd.MultiIndex.from_frame(rows[SNAPSHOT])
        found = test_errors.reindex(keys)
        if found.isna().any():
            regime, run, epoch = found.index[int(np.argmax(found.isna()))]
            raise StudyError(
                f"run {run!r} (draw {self.draw}, {self.split}, {regime}) has no counts on set {self.test!r} at epoch "
                f"{epoch}: evaluate it there again"
            )
        return rows.assign(test_error=found.to_numpy(), covariance_row=self.covariances[self.test].nearest_rows(rows))

    @cached_property
    def halves(self) -> list[Half]:
        """Both halves of the test set; none where its counts don't have two."""
        counts = self.counts[self.counts["set"] == self.test]
        parts = [half for _, half in counts.groupby("half", observed=True)]
        if len(parts) != 2:
            return []
        total = counts["images"].sum()
        return [
            Half(measures["images"].sum() / total, *self._chosen_by_half(chooses, _errors(measures)))
            for chooses, measures in (parts, parts[::-1])
        ]

    def _chosen_by_half(self, counts: pd.DataFrame, test_errors: pd.Series) -> Iterator[pd.DataFrame]:
        for snapshots in (last_snapshots(counts), best_snapshots(counts)):
            yield self._measured(snapshots.assign(error=snapshots["errors"] / snapshots["images"]), test_errors)

    @cached_property
    def _test_errors(self) -> pd.Series:
        return _errors(self.counts[self.counts["set"] == self.test])


def _shift(counts: pd.DataFrame) -> float:
    classes = counts.groupby("label").agg(images=("images", "sum"), share=("share", "first"))
    if classes["share"].isna().any():
        return 0.0
    observed = classes["images"] / classes["images"].sum()
    return float((classes["share"] - observed).abs().sum() / 2)


def _errors(counts: pd.DataFrame) -> pd.Series:
    """Errors as fractions by regime, run and epoch, from counts on one set."""
    rows = snapshot_errors(counts)
    return (rows["errors"] / rows["images"]).set_axis(pd.MultiIndex.from_frame(rows[SNAPSHOT]))


@dataclass(frozen=True)
class StudyErrors:
    """How a study's runs err: the table ``counts``, the sampling covariances, the test set's name or None without one.

    ``metric`` is what the errors are: see `understudy.selection.class_shares`, which gives the counts their shares.
    The covariances are those of errors by the same shares. The test set and every set whose order of models is
    asked for need a sampling covariance.
    """

    counts: pd.DataFrame
    covariances: Covariances
    test: str | None = "test"
    metric: str = "error"

    def splits(self) -> Iterator[SplitErrors]:
        """Check the counts and yield the errors of each draw and split, in order.

        Full runs were trained on the validation part, so their counts on it are dropped.

        Raises
        ------
        StudyError
            As `check_counts`, and where a split lacks its test set or the predictions on it.
        """
        counts = self.counts[~((self.counts["regime"] == "full") & (self.counts["set"] == "validation"))]
        check_counts(counts)
        for (draw, split), rows in counts.groupby(["draw", "split"], observed=True):
            covariances = {
                key[2]: covariance for key, covariance in self.covariances.items() if key[:2] == (draw, split)
            }
            if self.test is None:
                rows = rows[rows["set"] != "test"]
            elif not (rows["set"] == self.test).any() or self.test not in covariances:
                raise StudyError(
                    f"draw {draw}, {split} has no counts or predictions on test set {self.test!r}: evaluate it there, "
                    "or compute the tables without a test set"
                )
            yield SplitErrors(int(draw), str(split), rows, self.test, covariances)

    def overlaps(self) -> dict[str, float]:
        """How far the draws' test sets of each split are made of the same images: `shared_images`, by split."""
        found: dict[str, list[ErrorCovariance]] = {}
        for draw, split, name in sorted(self.covariances):
            if name == self.test:
                found.setdefault(split, []).append(self.covariances[draw, split, name])
        return {split: shared_images(sets) for split, sets in found.items()}
