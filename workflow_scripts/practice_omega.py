"""Choose the strength of practice's guidance by validation accuracy."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice_tables import write_practice_omega

    write_practice_omega(
        [Path(path).parent for path in snakemake.input.runs],
        Path(snakemake.output.table),
        Path(snakemake.output.csv),
    )
