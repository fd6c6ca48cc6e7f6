"""Draw real and synthetic images of a split side by side."""

from adapter import job

with job(snakemake):
    from understudy.plots.samples import plot_sample_grid

    plot_sample_grid(
        snakemake.wildcards.split,
        snakemake.input.train,
        dict(zip(snakemake.params.generators, snakemake.input.shards, strict=True)),
        snakemake.input.classes,
        snakemake.output.figure,
    )
