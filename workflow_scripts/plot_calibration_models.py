"""Draw rank correlations by the number of calibration models."""

from adapter import job

with job(snakemake):
    from understudy.plots.calibration_models import plot_calibration_models
    from understudy.ranking.predictions import REAL_SETS

    plot_calibration_models(snakemake.input.table, snakemake.params.splits, REAL_SETS[0], snakemake.output.figure)
