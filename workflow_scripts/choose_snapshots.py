"""Choose the snapshots of a batch that its selection sets find best."""

from adapter import job

with job(snakemake) as (input, output, _, _):
    from understudy.jobs.choices import choose_snapshots

    choose_snapshots(input.counts, output.chosen, input.shares)
