"""Draw theorem 1 with simulations: accuracy against kept samples, and against oversampling."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_practice_theory

    plot_practice_theory(input.table, params.keep_fractions, params.oversampled, vars(output))
