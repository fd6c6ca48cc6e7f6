"""Draw the synthetic images of a split that lie nearest to training images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.figures import plot_closest_pairs

    sets = dict(zip(params.generators, input.shards, strict=True))
    pairs = dict(zip(params.generators, input.pairs, strict=True))
    plot_closest_pairs(context.split, input.train, sets, pairs, output.figure)
