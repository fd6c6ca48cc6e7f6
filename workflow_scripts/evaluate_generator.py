"""Measure a synthetic set against real images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.generators import measure_generator

    measure_generator(
        Path(snakemake.input.shards),
        Path(snakemake.input.train),
        [Path(path) for path in snakemake.input.held_out],
        Path(snakemake.input.smallest),
        Path(snakemake.input.extractor),
        Path(snakemake.output.quality),
        Path(snakemake.output.clusters),
        Path(snakemake.output.pairs),
        Path(snakemake.output.feature_clusters),
        features=snakemake.params.features,
        name=snakemake.wildcards.generator,
        draw=int(snakemake.wildcards.draw),
        split=snakemake.wildcards.split,
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
