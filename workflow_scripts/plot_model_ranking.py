"""Draw real error against the errors that each set and method estimates."""

from adapter import job

with job(snakemake):
    from understudy.plots.model_ranking import plot_model_ranking

    plot_model_ranking(snakemake.params.title, snakemake.input.table, snakemake.output.figure)
