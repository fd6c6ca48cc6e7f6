"""Compute theorem 1 of Deliberate Practice and a simulation beside it."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice_theory import write_theory_table

    write_theory_table(params.settings, output.table, output.csv, context)
