"""Choose the strength of practice's guidance by validation accuracy."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice_tables import write_practice_omega

    write_practice_omega(input.runs, input.history, output.table, output.csv)
