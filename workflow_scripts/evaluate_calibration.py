"""Evaluate the last snapshots of a split's candidates on the calibration images."""

from adapter import job

with job(snakemake) as (input, output, _, context):
    from understudy.jobs.candidates import evaluate_on_calibration

    evaluate_on_calibration(input.weights, input.histories, input.images, input.classes, output.predictions, context)
