"""Draw test errors against choosing errors."""

from adapter import job

with job(snakemake):
    from understudy.plots.rank_preservation import plot_rank_preservation

    plot_rank_preservation(
        snakemake.input.counts,
        snakemake.input.table,
        snakemake.params.splits,
        snakemake.params.generators,
        snakemake.output.figure,
    )
