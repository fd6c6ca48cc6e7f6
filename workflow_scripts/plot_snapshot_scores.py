"""Draw the Frechet distances of the generators' snapshots."""

from adapter import job

with job(snakemake):
    from understudy.plots.generator_quality import plot_snapshot_scores

    plot_snapshot_scores(
        snakemake.input.scores,
        snakemake.params.places,
        snakemake.params.splits,
        snakemake.params.generators,
        snakemake.output.figure,
    )
