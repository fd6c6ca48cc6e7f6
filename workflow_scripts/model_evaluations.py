"""Join the rows of all evaluated models to the table model_evaluations."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.selection import join_tables

    join_tables(
        "model_evaluations",
        [Path(path) for path in snakemake.input.evaluations],
        Path(snakemake.output.table),
        Path(snakemake.output.csv),
    )
