"""Draw a split's generated images: the first of each class beside real ones, and the nearest to training images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.figures import plot_generator_images

    sets = dict(zip(params.generators, input.shards, strict=True))
    pairs = dict(zip(params.generators, input.pairs, strict=True))
    plot_generator_images(context.split, input.train, sets, pairs, input.classes, vars(output))
