"""What each class counts for in an error: the table `class_shares` of a split, and its use with error counts.

Synthetic sets have as many images of each class, and count by target shares: those of the training images, or those
that a user gives. Real images have such shares of their own, so that by default their errors are plain means; given
shares weigh them too. The balanced error counts every class alike, on all sets.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.selection.choices import REAL_SETS
from understudy.text import some

Array = np.ndarray

METRICS = {
    "error": "Errors count each class by its target share: that of the training images, unless the study gives others.",
    "balanced_error": "All errors here are balanced errors, the mean over classes of the error in each.",
}
"""The metrics that choose and judge, each with a sentence for pages."""


def class_shares(images: Array, classes: Sequence[str], metric: str, given: Mapping[str, float]) -> pd.DataFrame:
    """Build the table `class_shares` of one split, without its key columns: a row for each class.

    Parameters
    ----------
    images
        Int [C]: training images of each class.
    classes
        The classes' names.
    metric
        One of `METRICS`.
    given
        Target shares by class, where a user gives them; they are brought to a sum of 1.

    Raises
    ------
    StudyError
        As `check_shares`.
    """
    check_shares(given, classes)
    train = np.asarray(images) / np.sum(images)
    target = np.array([given[name] for name in classes], dtype=float) if given else train
    target = target / target.sum() if given else target
    share, real = target, target if given else np.full(len(target), np.nan)
    if metric == "balanced_error":
        share = real = (target > 0) / np.count_nonzero(target)
    rows = {"label": np.arange(len(classes)), "class": list(classes), "images": images, "train_share": train}
    return pd.DataFrame(
        rows | {"target_share": target, "given": bool(given), "metric": metric, "share": share, "real_share": real}
    )


def check_shares(given: Mapping[str, float], classes: Sequence[str]) -> None:
    """Raise a StudyError unless given shares are those of just these classes."""
    odd, missing = (sorted(set(a) - set(b)) for a, b in ((given, classes), (classes, given)))
    if given and (odd or missing):
        wrong = f"no class is called {odd[0]!r}" if odd else f"class {missing[0]!r} has no share"
        raise StudyError(
            f"selection.class_shares: {wrong}; give each class its share, 0 is allowed: {some(map(repr, classes), 10)}"
        )


class TargetShares:
    """What classes count for on every set, from rows of the table `class_shares` of one or several splits."""

    def __init__(self, table: pd.DataFrame):
        self.tables = {
            (int(draw), str(split)): rows.sort_values("label")
            for (draw, split), rows in table.groupby(["draw", "split"], observed=True)
        }
        self.metric = str(table["metric"].iloc[0])

    def of(self, draw: int, split: str, name: str) -> Array | None:
        """Return what each class counts for on the set `name`, floats [C]; None: for its images."""
        column = "real_share" if name in REAL_SETS else "share"
        return _known(self._rows(draw, split)[column])

    def of_error(self, draw: int, split: str, name: str) -> Array | None:
        """Return the same for metric `error`, whichever metric chooses."""
        rows = self._rows(draw, split)
        return None if name in REAL_SETS and not rows["given"].any() else rows["target_share"].to_numpy()

    def classes(self, draw: int, split: str) -> pd.DataFrame:
        """Return the rows of a split, by label."""
        return self._rows(draw, split)

    def add_to(self, counts: pd.DataFrame) -> pd.DataFrame:
        """Return rows of the table `counts` with the column share; missing where classes count for their images.

        Raises
        ------
        StudyError
            A set has no images of a class that counts for something, or images of an unknown class.
        """
        found = np.full(len(counts), np.nan)
        for (draw, split, name), rows in counts.groupby(["draw", "split", "set"], observed=True).indices.items():
            shares = self.of(draw, split, name)
            part = counts.iloc[rows]
            labels, classes = part["label"].to_numpy(), len(self._rows(draw, split))
            if labels.max() >= classes:
                raise StudyError(
                    f"set {name!r} of draw {draw}, {split} has images of class {labels.max()}, but the study has "
                    f"{classes} classes: evaluate its runs on that set again"
                )
            if shares is not None:
                images = np.bincount(labels, part["images"].to_numpy(), minlength=classes)
                check_present(images, shares, f"set {name!r} of draw {draw}, {split}")
                found[rows] = shares[labels]
        return counts.assign(share=found)

    def _rows(self, draw: int, split: str) -> pd.DataFrame:
        if (int(draw), str(split)) not in self.tables:
            raise StudyError(f"draw {draw}, {split} has no table class_shares: run again to compute it")
        return self.tables[int(draw), str(split)]


def check_present(images: Array, shares: Array, what: str) -> None:
    """Raise a StudyError where a class that counts for something, by floats [C], has no images, int [C]."""
    lacking = np.flatnonzero((images == 0) & (shares > 0))
    if len(lacking):
        raise StudyError(
            f"{what} has no images of class {lacking[0]} ({len(lacking)} of {len(shares)} classes missing), which "
            f"counts for {shares[lacking[0]]:.3g} of the error: sample it again for all classes, or give the class the "
            "share 0 in `selection.class_shares`"
        )


def _known(column: pd.Series) -> Array | None:
    values = column.to_numpy(dtype=float)
    return None if np.isnan(values).any() else values
