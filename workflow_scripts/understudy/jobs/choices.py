"""The jobs before the test images are read: what classes count for, and which snapshots are chosen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from understudy.data.shards import read_labels
from understudy.files import read_json
from understudy.jobs.context import JobContext
from understudy.selection.choices import chosen_snapshots
from understudy.selection.class_shares import TargetShares, class_shares
from understudy.tables import read_table, read_tables, write_table


def write_class_shares(train: Path, classes: Path, settings: Mapping, shares: Path, context: JobContext) -> None:
    """Write what each class of a split counts for, from its training images.

    ``settings`` are those of `understudy.config.SelectionSettings.share_settings`.
    """
    names = read_json(classes)["classes"]
    images = np.bincount(read_labels(train), minlength=len(names))
    table = class_shares(images, names, **settings)
    write_table("class_shares", table.assign(draw=context.draw, split=context.split), shares)


def choose_snapshots(counts: Sequence[Path], chosen: Path, shares: Path | None = None) -> None:
    """Write which snapshots of a batch its selection sets choose, from the error counts on these sets.

    ``shares`` is the table `class_shares` of the split; None: classes count for their images.
    """
    rows = read_tables(counts, "counts")
    if shares:
        rows = TargetShares(read_table(shares, "class_shares")).add_to(rows)
    write_table("chosen_snapshots", chosen_snapshots(rows), chosen)
