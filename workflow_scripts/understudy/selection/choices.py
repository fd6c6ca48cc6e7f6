"""The rules that choose a snapshot, a run or an architecture from error counts.

Sections 4.2.1-4.2.3 of Synthetic Data for Model Selection. Every rule reads the errors on one selection set (a
synthetic set, or the validation part for subtrain runs) and never looks at another set. Ties are broken as
`understudy.statistics.tie_breaking` says.
"""

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.statistics.class_weights import class_weights
from understudy.statistics.tie_breaking import best_first, take_first

RUN = ["draw", "split", "regime", "family", "architecture", "seed", "run"]
"""The columns that identify one trained model."""

REAL_SETS = ("test", "validation", "calibration")
"""Evaluation sets of real images; every other set bears its generator's name."""


def generator_names(counts: pd.DataFrame) -> list[str]:
    """Names of the synthetic sets in `counts`, sorted."""
    return sorted(set(counts["set"].astype(str).unique()) - set(REAL_SETS))


def snapshot_errors(counts: pd.DataFrame) -> pd.DataFrame:
    """Sum the counts over classes and halves: one row per run, set and epoch.

    Columns: those of `RUN`, set, epoch, errors, images, last_epoch (the run's last on that set).
    Rows are sorted by these keys. Where the counts have a column `share` (`TargetShares.add_to`), errors are weighted:
    errors / images is the sum over classes of share x (error in the class).
    """
    keys = [*RUN, "set", "epoch"]
    if "share" in counts:
        counts = counts.assign(errors=counts["errors"] * _weights(counts))
    rows = counts.groupby(keys, observed=True, as_index=False)[["errors", "images"]].sum()
    rows["errors"] = rows["errors"].round(10)  # equal sums of weights tie, in whatever order they were added up
    rows["last_epoch"] = rows.groupby([*RUN, "set"], observed=True)["epoch"].transform("max")
    return rows


def _weights(counts: pd.DataFrame) -> np.ndarray:
    """What an image of each row of the counts counts for: 1 where the share is missing."""
    found = np.ones(len(counts))
    for rows in counts.groupby(["draw", "split", "set"], observed=True).indices.values():
        labels, images, shares = (counts[name].to_numpy()[rows] for name in ("label", "images", "share"))
        if not np.isnan(shares).any():
            # All snapshots are counted on the same images, so that those of all together have the set's proportions.
            of_class = np.zeros(labels.max() + 1)
            of_class[labels] = shares
            found[rows] = class_weights(np.bincount(labels, images), of_class)[labels]
    return found


def best_snapshots(counts: pd.DataFrame) -> pd.DataFrame:
    """Early stopping (ES): the epoch of the lowest error on each set, for each run.

    One row per draw, split, regime, family, architecture, seed, run and set, with epoch, errors, images and last_epoch.
    """
    return take_first(snapshot_errors(counts), [*RUN, "set"])


def last_snapshots(counts: pd.DataFrame) -> pd.DataFrame:
    """The last snapshot of each run on each set, in the columns of `best_snapshots`."""
    rows = snapshot_errors(counts)
    return rows[rows["epoch"] == rows["last_epoch"]].reset_index(drop=True)


def chosen_snapshots(counts: pd.DataFrame) -> pd.DataFrame:
    """Which snapshots the selection sets choose: draw, split, regime, run, epoch and `chosen_by`, the sets' names.

    `counts` are those of the selection sets alone.
    """
    chosen = best_snapshots(counts).groupby(["draw", "split", "regime", "run", "epoch"], observed=True)["set"]
    return chosen.apply(sorted).rename("chosen_by").reset_index()


def best_candidate(snapshots: pd.DataFrame) -> pd.Series:
    """The synthetic protocol: the one snapshot of the lowest error on a set, of all architectures.

    Of the best snapshots this chooses architecture, run and epoch at once (section 4.2.3).
    """
    return snapshots.iloc[best_first(snapshots)[0]]


def best_architecture(snapshots: pd.DataFrame) -> pd.Series:
    """The standard protocol's choice: the architecture of the best mean accuracy over its runs, with this mean `error`.

    Give it the last snapshots of subtrain runs on the validation part.
    """
    rows = snapshots.assign(error=snapshots["errors"] / snapshots["images"])
    means = rows.groupby("architecture", observed=True, as_index=False)["error"].mean()
    # Equal means must tie, in whatever order they were added up.
    means["error"] = means["error"].round(12)
    return means.iloc[best_first(means, "error")[0]]


def check_counts(counts: pd.DataFrame) -> None:
    """Refuse counts that would let a choice rest on something other than what it seems to rest on.

    Raises StudyError where a set lacks a class that another set of the same split has, where a run was not
    evaluated on a set, or not at every epoch, on which others of its regime were, and where two snapshots
    were counted on different numbers of images of a set.
    """
    for (draw, split), rows in counts.groupby(["draw", "split"], observed=True):
        filled = rows[rows["images"] > 0].groupby("set", observed=True)["label"].unique()
        # A class that counts for nothing may be missing.
        classes = set(rows["label"].unique()) - set(rows.loc[rows["share"] == 0, "label"] if "share" in rows else ())
        for name, labels in filled.items():
            missing = sorted(classes - set(labels))
            if missing:
                raise StudyError(
                    f"set {name!r} of draw {draw}, {split} has no images of class {missing[0]} "
                    f"({len(missing)} of {len(classes)} classes missing): sample it again for all classes"
                )
        _check_images(rows, f"draw {draw}, {split}")
        for regime, part in rows.groupby("regime", observed=True):
            _check_runs(part, f"draw {draw}, {split}, regime {regime}")


def _check_images(rows: pd.DataFrame, where: str) -> None:
    images = rows.groupby(["set", "regime", "run", "epoch"], observed=True)["images"].sum()
    for name, counted in images.groupby("set", observed=True):
        usual = counted.mode().iloc[0]
        odd = counted[counted != usual]
        if len(odd):
            _, _, run, epoch = odd.index[0]
            raise StudyError(
                f"run {run!r} ({where}) was evaluated on {odd.iloc[0]} images of set {name!r} at epoch {epoch}, others "
                f"on {usual}: evaluate that run on that set again"
            )


def _check_runs(rows: pd.DataFrame, where: str) -> None:
    epochs = rows.groupby(["run", "set"], observed=True)["epoch"].nunique().unstack(fill_value=0)
    evaluated = epochs.max(axis=1)
    for name in epochs.columns:
        short = epochs.index[epochs[name] < evaluated]
        if len(short):
            raise StudyError(
                f"run {short[0]!r} ({where}) has {epochs.loc[short[0], name]} of {evaluated[short[0]]} snapshots "
                f"evaluated on set {name!r}: evaluate that run on that set again"
            )
