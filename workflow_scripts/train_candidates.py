"""Train a batch of runs."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.candidates import train_batch

    train_batch(
        params.batch,
        input.train,
        input.classes,
        input.optional("graphs"),
        output.weights,
        output.history,
        context,
    )
