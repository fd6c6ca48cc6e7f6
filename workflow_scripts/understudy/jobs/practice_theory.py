"""The job of the practice study's theory."""

from pathlib import Path

from understudy.jobs.context import JobContext
from understudy.practice.settings import TheorySettings
from understudy.practice.theory_table import theory_table
from understudy.tables import write_table


def write_theory_table(settings: dict, table: Path, csv: Path, context: JobContext) -> None:
    """Write the table ``practice_theory`` as parquet and as CSV; ``settings`` are those of ``practice.theory``."""
    rows = theory_table(TheorySettings(**settings), context.seed)
    write_table("practice_theory", rows, table, context.version)
    write_table("practice_theory", rows, csv)
