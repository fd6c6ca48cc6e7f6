"""Make the plain images that the practice study's variants share."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice import sample_plain_images

    model = input.optional("model")
    sample_plain_images(params.generator, params.sampling, params.part, model, input.classes, output.shard, context)
