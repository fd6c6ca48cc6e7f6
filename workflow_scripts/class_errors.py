"""Compute the tables of the chosen snapshots' errors by class."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.selection import write_class_errors

    images = dict(zip(map(tuple, params.sets), input.images, strict=True))
    write_class_errors(input.comparison, input.predictions, images, input.shares, vars(output))
