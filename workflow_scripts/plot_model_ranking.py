"""Draw real error against the errors that each set and method estimates."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_model_ranking

    plot_model_ranking(params.title, input.table, output.figure)
