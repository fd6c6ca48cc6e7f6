"""Draw the graphs of the randomly wired networks."""

from adapter import job

with job(snakemake) as (input, output, _, _):
    from understudy.jobs.figures import plot_random_graphs

    plot_random_graphs(input.graphs, output.figure)
