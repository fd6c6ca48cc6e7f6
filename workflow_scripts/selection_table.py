"""Compute one of the selection tables."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.selection import write_selection_table

    write_selection_table(
        input.counts,
        input.predictions,
        dict(zip(map(tuple, params.sets), input.images, strict=True)),
        input.shares,
        (output.table, output.csv),
        params.n_resamples,
        params.has_test,
        context,
    )
