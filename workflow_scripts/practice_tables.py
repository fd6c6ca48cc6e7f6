"""Compute the practice study's tables."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice_tables import write_practice_tables

    write_practice_tables(
        [Path(path).parent for path in snakemake.input.runs],
        [Path(path).parent for path in snakemake.input.evaluations],
        {name: Path(snakemake.output[name]) for name in snakemake.params.tables},
        draws=snakemake.params.draws,
        study_seed=snakemake.params.seed,
    )
