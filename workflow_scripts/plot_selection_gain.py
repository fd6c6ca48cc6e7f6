"""Draw what choosing epoch and seed gains on one split."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.figures import plot_selection_gain

    plot_selection_gain(input.table, context.split, params.generators, output.figure)
