"""Draw the quality of the synthetic sets."""

from adapter import job

with job(snakemake):
    from understudy.plots.generator_quality import plot_generator_quality

    plot_generator_quality(
        snakemake.input.table,
        snakemake.params.splits,
        snakemake.params.generators,
        snakemake.output.figure,
    )
