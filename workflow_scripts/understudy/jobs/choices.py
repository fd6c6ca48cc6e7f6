"""The job that chooses snapshots."""

from collections.abc import Sequence
from pathlib import Path

from understudy.selection.choices import chosen_snapshots
from understudy.tables import read_tables, write_table


def choose_snapshots(counts: Sequence[Path], chosen: Path) -> None:
    """Write which snapshots of a batch its selection sets choose, from the error counts on these sets."""
    write_table("chosen_snapshots", chosen_snapshots(read_tables(counts, "counts")), chosen)
