"""Draw theorem 1 with simulations: accuracy against kept samples, and against oversampling."""

from adapter import job

with job(snakemake):
    from understudy.plots.practice_theory import plot_practice_theory

    plot_practice_theory(
        snakemake.input.table,
        snakemake.params.keep_fractions,
        snakemake.params.oversampled,
        snakemake.output.kept_samples,
        snakemake.output.oversampling,
    )
