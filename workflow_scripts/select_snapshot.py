"""Select a generator's snapshot by its Frechet distance to the training images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.generators import select_study_snapshot

    select_study_snapshot(
        Path(snakemake.input.snapshots),
        Path(snakemake.input.train),
        Path(snakemake.input.extractor),
        Path(snakemake.output.generator),
        Path(snakemake.output.scores),
        features=snakemake.params.features,
        name=snakemake.wildcards.generator,
        draw=int(snakemake.wildcards.draw),
        split=snakemake.wildcards.split,
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
