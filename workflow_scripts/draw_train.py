"""Draw the training images of one split."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.data import write_train

    write_train(input.images, params.train, output.train, context)
