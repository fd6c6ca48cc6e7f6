"""The errors of one draw's split, with the image noise of its test set: what the selection tables are made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.selection.choices import best_snapshots, check_counts, generators_of, last_snapshots, snapshot_errors
from understudy.statistics.sampling_covariance import ErrorNoise, shared_images

Array = np.ndarray
Noise = Mapping[tuple[int, str, str], ErrorNoise]
"""Image noise by (draw, split, set)."""


@dataclass(frozen=True)
class SplitErrors:
    """Counts of one draw and split. `test` names the test set and `noise` is its image noise; None without one."""

    draw: int
    split: str
    counts: pd.DataFrame
    test: str | None
    noise: ErrorNoise | None

    @cached_property
    def last(self) -> pd.DataFrame:
        """Last snapshots on every set."""
        return last_snapshots(self.counts)

    @cached_property
    def best(self) -> pd.DataFrame:
        """Best snapshots on every set."""
        return best_snapshots(self.counts)

    @cached_property
    def choosing_sets(self) -> list[tuple[str, str]]:
        """Pairs (set, regime) that may choose: each synthetic set for full runs, `validation` for subtrain runs."""
        sets = [(name, "full") for name in generators_of(self.counts)]
        chosen = self.last[(self.last["regime"] == "subtrain") & (self.last["set"] == "validation")]
        return sets + ([("validation", "subtrain")] if len(chosen) else [])

    def part(self, snapshots: pd.DataFrame, name: str, regime: str, family: str | None = None) -> pd.DataFrame:
        """Rows of `snapshots` on the set `name`, of a regime and family, sorted by architecture and seed.

        Columns added: error, the fraction on that set; with a test set also test_error, and noise_row, the position in
        the test set's image noise.
        """
        mask = (snapshots["set"] == name) & (snapshots["regime"] == regime)
        if family is not None:
            mask &= snapshots["family"] == family
        rows = snapshots[mask].sort_values(["architecture", "seed"], kind="stable").reset_index(drop=True)
        rows["error"] = rows["errors"] / rows["images"]
        if self.test is not None:
            rows["test_error"] = self._measured(rows)
            rows["noise_row"] = self.noise.nearest_rows(regime, rows["run"], rows["epoch"])
        return rows

    def _measured(self, rows: pd.DataFrame) -> Array:
        keys = pd.MultiIndex.from_frame(rows[["regime", "run", "epoch"]])
        found = self._test_errors.reindex(keys)
        if found.isna().any():
            regime, run, epoch = found.index[int(np.argmax(found.isna()))]
            raise StudyError(
                f"run {run!r} (draw {self.draw}, {self.split}, {regime}) has no counts on set {self.test!r} at epoch "
                f"{epoch}: evaluate it there again"
            )
        return found.to_numpy()

    @cached_property
    def halves(self) -> list[tuple[float, dict[str, pd.DataFrame]]]:
        """The test set's halves: share of the images, and by regime the errors on it: runs down, epochs across."""
        rows = self.counts[self.counts["set"] == self.test]
        total = rows["images"].sum()
        halves = []
        for _, half in rows.groupby("half", observed=True):
            snapshots = snapshot_errors(half)
            snapshots["error"] = snapshots["errors"] / snapshots["images"]
            errors = {
                str(regime): part.pivot(index="run", columns="epoch", values="error")
                for regime, part in snapshots.groupby("regime", observed=True)
            }
            halves.append((half["images"].sum() / total, errors))
        return halves

    @cached_property
    def _test_errors(self) -> pd.Series:
        rows = snapshot_errors(self.counts[self.counts["set"] == self.test])
        index = pd.MultiIndex.from_frame(rows[["regime", "run", "epoch"]])
        return pd.Series((rows["errors"] / rows["images"]).to_numpy(), index=index)


def overlaps(noise: Noise, test: str | None) -> dict[str, float]:
    """How far the draws' test sets of each split are made of the same images: `shared_images`, by split."""
    splits = {split for _, split, name in noise if name == test}
    return {split: shared_images([noise[key] for key in sorted(noise) if key[1:] == (split, test)]) for split in splits}


def splits_of(counts: pd.DataFrame, noise: Noise, test: str | None) -> Iterator[SplitErrors]:
    """Check the counts and yield the errors of each draw and split, in order.

    Full runs were trained on the validation part, so their counts on it are dropped.

    Raises
    ------
    StudyError
        As `check_counts`, and where a split lacks its test set or that set's image noise.
    """
    counts = counts[~((counts["regime"] == "full") & (counts["set"] == "validation"))]
    check_counts(counts)
    for (draw, split), rows in counts.groupby(["draw", "split"], observed=True):
        if test is None:
            yield SplitErrors(int(draw), str(split), rows[rows["set"] != "test"], None, None)
            continue
        if not (rows["set"] == test).any() or (draw, split, test) not in noise:
            raise StudyError(
                f"draw {draw}, {split} has no counts or predictions on test set {test!r}: evaluate it there, "
                "or compute the tables without a test set"
            )
        yield SplitErrors(int(draw), str(split), rows, test, noise[draw, split, test])
