"""Remove the weights of snapshots that no selection chose."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.candidates import clean_snapshots

    clean_snapshots(
        snakemake.params.batches,
        [Path(path) for path in snakemake.input.weights],
        [Path(path) for path in snakemake.input.predictions],
        Path(snakemake.output.removed),
    )
