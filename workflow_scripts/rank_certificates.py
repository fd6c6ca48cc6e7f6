"""Compute the tables of rank certificates."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.selection import write_certificates

    write_certificates(
        input.counts,
        input.predictions,
        dict(zip(map(tuple, params.sets), input.images, strict=True)),
        input.shares,
        input.quality,
        input.clusters,
        vars(output),
        params.has_test,
    )
