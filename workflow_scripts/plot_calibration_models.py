"""Draw rank correlations by the number of calibration models."""

from adapter import job

with job(snakemake):
    from understudy.jobs.ranking import REAL
    from understudy.plots.calibration_models import plot_calibration_models

    plot_calibration_models(snakemake.input.table, snakemake.params.splits, REAL, snakemake.output.figure)
