"""Draw how much the synthetic protocol wins by over random halves of the candidates."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_protocol_subsets

    plot_protocol_subsets(input.table, params.synthetic_sets, output.figure)
