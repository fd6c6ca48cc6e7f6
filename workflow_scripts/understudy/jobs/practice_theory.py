"""The job of the practice study's theory."""

from pathlib import Path

from understudy.practice.settings import TheorySettings
from understudy.practice.theory_table import theory_table
from understudy.tables import write_table


def write_theory_table(settings: dict, table: Path, csv: Path, *, study_seed: int, version: int) -> None:
    """Write the table ``practice_theory`` as parquet and as CSV; ``settings`` are those of ``practice.theory``."""
    rows = theory_table(TheorySettings(**settings), study_seed)
    write_table("practice_theory", rows, table, version)
    write_table("practice_theory", rows, csv)
