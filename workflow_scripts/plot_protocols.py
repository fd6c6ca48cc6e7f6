"""Draw the protocols, split by split."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_protocols

    sets, generators = params.synthetic_sets, params.generators
    plot_protocols(input.counts, input.shares, input.correlations, input.comparison, sets, generators, output.figure)
