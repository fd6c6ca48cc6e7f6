"""Draw what choosing epoch and seed gains on one split."""

from adapter import job

with job(snakemake):
    from understudy.plots.selection_gain import plot_selection_gain

    plot_selection_gain(
        snakemake.input.table,
        snakemake.wildcards.split,
        snakemake.params.generators,
        snakemake.output.figure,
    )
