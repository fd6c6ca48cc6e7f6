"""Write the summary that a run of the study ends with."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.export import write_summary

    write_summary(
        Path(snakemake.input.comparison),
        next(map(Path, snakemake.input.differences), None),
        Path(snakemake.input.ranks),
        [Path(path) for path in snakemake.input.models],
        Path(snakemake.output.summary),
        generators=snakemake.params.generators,
    )
