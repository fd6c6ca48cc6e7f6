"""Sample a generator's synthetic set."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.generators import sample_study_set

    sample_study_set(input.generator, params.images_per_class, params.shard_size, output.shards, context)
