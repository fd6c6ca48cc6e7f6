"""Compute one of the selection tables."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.selection import write_selection_table

    write_selection_table(
        snakemake.wildcards.table,
        [Path(path) for path in snakemake.input.counts],
        [Path(path) for path in snakemake.input.predictions],
        {tuple(place): Path(path) for place, path in zip(snakemake.params.sets, snakemake.input.images, strict=True)},
        Path(snakemake.output.table),
        Path(snakemake.output.csv),
        study_seed=snakemake.params.seed,
        resamples=snakemake.params.resamples,
        has_test=snakemake.params.has_test,
    )
