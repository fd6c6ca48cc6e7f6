"""Draw the synthetic images of a split that lie nearest to training images."""

from adapter import job

with job(snakemake):
    from understudy.plots.samples import plot_closest_pairs

    plot_closest_pairs(
        snakemake.wildcards.split,
        snakemake.input.train,
        dict(zip(snakemake.params.generators, snakemake.input.shards, strict=True)),
        dict(zip(snakemake.params.generators, snakemake.input.pairs, strict=True)),
        snakemake.output.figure,
    )
