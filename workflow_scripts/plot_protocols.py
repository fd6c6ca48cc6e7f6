"""Draw the protocols, split by split."""

from adapter import job

with job(snakemake):
    from understudy.plots.protocols import plot_protocols

    plot_protocols(
        snakemake.input.counts,
        snakemake.input.correlations,
        snakemake.input.comparison,
        snakemake.params.synthetic_sets,
        snakemake.params.generators,
        snakemake.output.figure,
    )
