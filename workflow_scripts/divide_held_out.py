"""Divide one split's held-out images into calibration and test."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.data import write_held_out

    write_held_out(input.images, params.train, params.calibration_fraction, output.calibration, output.test, context)
