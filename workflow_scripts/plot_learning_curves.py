"""Draw errors against the epoch for chosen runs."""

from adapter import job

with job(snakemake):
    from understudy.plots.learning_curves import plot_learning_curves

    plot_learning_curves(
        snakemake.input.counts,
        snakemake.input.histories,
        snakemake.params.splits,
        snakemake.params.synthetic_sets,
        snakemake.params.generators,
        snakemake.params.followed,
        snakemake.output.figure,
    )
