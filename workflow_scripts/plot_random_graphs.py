"""Draw the graphs of the randomly wired networks."""

from adapter import job

with job(snakemake):
    from understudy.plots.random_graphs import plot_random_graphs

    plot_random_graphs(
        snakemake.input.graphs,
        snakemake.output.figure,
    )
