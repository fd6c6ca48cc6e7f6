"""Remove the weights of snapshots that no selection chose."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.candidates import clean_snapshots

    clean_snapshots(params.batches, input.weights, input.predictions, output.removed)
