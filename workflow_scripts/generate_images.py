"""Generate one shard of a pretrained generator's set."""

from adapter import job

with job(snakemake) as (_, output, params, context):
    from understudy.jobs.zoo import generate_shard

    generate_shard(params.settings, params.classes, output.shard, context)
