"""Write the tables of the ranking study."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.ranking import write_calibration_tables

    write_calibration_tables(input.comparisons, input.rankings, vars(output), params.settings, context)
