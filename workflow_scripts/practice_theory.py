"""Compute theorem 1 of Deliberate Practice and a simulation beside it."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice_theory import write_theory_table

    write_theory_table(
        snakemake.params.settings,
        Path(snakemake.output.table),
        Path(snakemake.output.csv),
        study_seed=snakemake.params.seed,
        version=snakemake.params.version,
    )
