"""Evaluate a batch of runs on one set of images."""

from adapter import job

with job(snakemake) as (input, output, _, context):
    from understudy.jobs.candidates import evaluate_batch

    evaluate_batch(
        input.weights,
        input.history,
        input.images,
        input.classes,
        input.optional("chosen"),
        input.optional("shares"),
        vars(output),
        context,
    )
