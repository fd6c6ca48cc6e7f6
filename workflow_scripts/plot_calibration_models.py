"""Draw rank correlations by the number of calibration models."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_calibration_models
    from understudy.jobs.ranking import REAL

    plot_calibration_models(input.table, params.splits, REAL, output.figure)
