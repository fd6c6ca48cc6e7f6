"""Join the generators' rows to the table generator_quality."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.selection import join_tables

    join_tables(
        "generator_quality",
        [Path(path) for path in snakemake.input.quality],
        Path(snakemake.output.table),
        Path(snakemake.output.csv),
    )
