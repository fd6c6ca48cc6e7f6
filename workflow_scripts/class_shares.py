"""Say what each class of a split counts for."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.choices import write_class_shares

    write_class_shares(input.train, input.classes, params.settings, output.shares, context)
