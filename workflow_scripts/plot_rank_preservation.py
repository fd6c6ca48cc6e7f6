"""Draw test errors against errors on the selection sets."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_rank_preservation

    plot_rank_preservation(input.counts, input.shares, input.table, params.splits, params.generators, output.figure)
