"""Join the rows of all evaluated models to the table model_evaluations."""

from adapter import job

with job(snakemake) as (input, output, _, _):
    from understudy.jobs.selection import join_tables

    join_tables("model_evaluations", input.evaluations, output.table, output.csv)
