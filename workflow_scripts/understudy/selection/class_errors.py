"""How the chosen snapshots err in each class: the tables `class_errors` and `class_summary`."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.schemas import column_names
from understudy.selection.aggregation import AGGREGATE
from understudy.selection.class_shares import TargetShares
from understudy.statistics.class_weights import class_weights, effective_images
from understudy.statistics.intervals import wilson_interval

Array = np.ndarray

SNAPSHOT = ["draw", "split", "generator", "protocol", "run", "epoch"]
ONE_CLASS_IMAGE = "classes with one image: their errors are 0 or 1 by luck"
NO_ERRORS = "no image is wrong, so that no class is the worst"


def chosen_runs(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the snapshots that protocols chose among all candidates, from `protocol_comparison`: `SNAPSHOT`."""
    several = (comparison["family"] == "all").any()
    rows = comparison[(comparison["family"] == "all") | (not several)]
    rows = rows[(rows["draw"] != AGGREGATE) & rows["protocol"].isin(("synthetic", "validation"))]
    rows = rows[rows["selected"] != ""]
    parts = rows["selected"].str.rpartition("@")
    return rows.assign(run=parts[0], epoch=parts[2].astype(int))[SNAPSHOT].reset_index(drop=True)


def class_errors(
    choices: pd.DataFrame,
    predictions: pd.DataFrame,
    labels: Mapping[tuple[int, str, str], Array],
    shares: TargetShares,
) -> pd.DataFrame:
    """Build the table `class_errors`: a row per chosen snapshot, set (test, and the one that chose) and class.

    Parameters
    ----------
    choices
        The snapshots, as `chosen_runs` gives them.
    predictions
        Rows of the table `predictions`, those of these snapshots among them.
    labels
        Int [N], the true classes of each set, by (draw, split, set).

    Raises
    ------
    StudyError
        A chosen snapshot has no predictions on a set.
    """
    found = predictions.set_index(["draw", "split", "run", "epoch", "regime", "set"])["predicted"].to_dict()
    records = []
    for choice in choices.to_dict("records"):
        regime = "full" if choice["protocol"] == "synthetic" else "subtrain"
        for name in ("test", choice["generator"]):
            key = (choice["draw"], choice["split"], name)
            if key not in labels:  # a study without test images
                continue
            place = (*key[:2], choice["run"], choice["epoch"], regime, name)
            if place not in found:
                raise StudyError(
                    f"run {choice['run']!r} (draw {key[0]}, {key[1]}) was chosen at epoch {choice['epoch']}, but has "
                    f"no predictions on set {name!r} there: evaluate it there again"
                )
            records += _class_records({**choice, "set": name}, labels[key], np.asarray(found[place]), shares)
    return pd.DataFrame(records, columns=column_names("class_errors", tested=True))


def confusion_matrix(labels: Array, predicted: Array, classes: int) -> Array:
    """Count the images of each class (rows) that are predicted as each class (columns): int64 [C, C]."""
    cells = np.asarray(labels, dtype=np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def precision_and_f1(confusion: Array, shares: Array) -> tuple[Array, Array]:
    """Precision and F1 of each class where class c counts for shares[c], floats [C] each.

    The confusion matrix is normalised by rows, and each row multiplied by its share. Precision is NaN for a class as
    which nothing is predicted; F1 is NaN for a class that counts for nothing or has no images.
    """
    images = confusion.sum(axis=1)
    weighted = confusion * (shares / np.maximum(images, 1))[:, None]
    right, predicted = np.diag(weighted), weighted.sum(axis=0)
    counted = (shares > 0) & (images > 0)
    nothing = np.full(len(shares), np.nan)
    precision = np.divide(right, predicted, out=nothing.copy(), where=predicted > 0)
    f1 = np.divide(2 * right, weighted.sum(axis=1) + predicted, out=nothing, where=counted)
    return precision, f1


def _class_records(key: dict, labels: Array, predicted: Array, shares: TargetShares) -> Iterator[dict]:
    names = shares.classes(key["draw"], key["split"])["class"].tolist()
    confusion = confusion_matrix(labels, predicted, len(names))
    images = confusion.sum(axis=1)
    target = shares.of_error(key["draw"], key["split"], key["set"])
    target = images / images.sum() if target is None else target
    precision, f1 = precision_and_f1(confusion, target)
    for label, name in enumerate(names):
        n, wrong = int(images[label]), int(images[label] - confusion[label, label])
        error = wrong / n if n else np.nan
        low, high = wilson_interval(error, n) if n else (np.nan, np.nan)
        row = {**key, "label": label, "class": name, "images": n, "errors": wrong, "error": error}
        row |= {"ci_low": low, "ci_high": high, "precision": precision[label], "f1": f1[label]}
        yield row | {"target_share": target[label], "predicted_as": confusion[label].tolist()}


def class_summary(table: pd.DataFrame, shares: TargetShares) -> pd.DataFrame:
    """Build the table `class_summary` from `class_errors`: a row per chosen snapshot and set."""
    records = []
    for key, rows in table.groupby([*SNAPSHOT, "set"], sort=False):
        record = dict(zip([*SNAPSHOT, "set"], key, strict=True))
        records.append(record | _summary(rows, shares.of(record["draw"], record["split"], record["set"])))
    frame = pd.DataFrame(records, columns=column_names("class_summary", tested=True))
    return frame.assign(metric=shares.metric)


def _summary(rows: pd.DataFrame, counted: Array | None) -> dict:
    """Sum up one set's rows; `counted`: what classes count for in the metric, None: for their images."""
    used = rows[(rows["target_share"] > 0) & (rows["images"] > 0)]
    images = rows["images"].to_numpy()
    weights = class_weights(images, rows["target_share"].to_numpy())
    error = float((weights * rows["errors"].to_numpy()).sum() / images.sum())
    effective = np.ones(len(images)) if counted is None else class_weights(images, counted)
    found = {"images": int(images.sum()), "effective_images": effective_images(images, effective), "error": error}
    found |= dict(zip(("ci_low", "ci_high"), wilson_interval(error, effective_images(images, weights)), strict=True))
    found |= {"balanced_error": float(used["error"].mean()), "macro_f1": float(used["f1"].mean())}
    reasons = [ONE_CLASS_IMAGE] if (used["images"] == 1).any() else []
    if used["errors"].sum() == 0:
        return found | {"worst_class": "", "worst_error": 0.0, "reason": "; ".join([*reasons, NO_ERRORS])}
    # Of equal errors the one on more images is the surer one.
    worst = used.sort_values(["error", "images"], ascending=False, kind="stable").iloc[0]
    names = {"class": "worst_class", "images": "worst_images", "error": "worst_error"}
    ends = {"ci_low": "worst_ci_low", "ci_high": "worst_ci_high"}
    return found | {new: worst[old] for old, new in (names | ends).items()} | {"reason": "; ".join(reasons)}
