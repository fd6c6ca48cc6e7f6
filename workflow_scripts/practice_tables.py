"""Compute the practice study's tables."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice_tables import write_practice_tables

    tables = {name: path for name, path in vars(output).items() if name != "csv"}
    write_practice_tables(input.runs, input.evaluations, tables, params.n_resamples, context)
