"""Sample a generator's synthetic set."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.generators import sample_study_set

    sample_study_set(
        Path(snakemake.input.generator),
        Path(snakemake.output.shards),
        images_per_class=snakemake.params.images_per_class,
        shard_size=snakemake.params.shard_size,
        name=snakemake.wildcards.generator,
        draw=int(snakemake.wildcards.draw),
        split=snakemake.wildcards.split,
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
    )
