"""Carve subtrain and validation out of one split's training images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.data import write_carved

    write_carved(input.train, params.validation, output.subtrain, output.validation, context)
