"""Draw the quality of the synthetic sets."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_generator_quality

    plot_generator_quality(input.table, params.splits, params.generators, output.figure)
