"""Join the generators' rows to the table generator_quality."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.selection import join_tables

    join_tables("generator_quality", input.quality, output.table, output.csv)
