"""Draw real and synthetic images of a split side by side."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.figures import plot_sample_grid

    sets = dict(zip(params.generators, input.shards, strict=True))
    plot_sample_grid(context.split, input.train, sets, input.classes, output.figure)
