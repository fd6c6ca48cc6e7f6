"""Write the summary that a run of the study ends with."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.export import write_summary

    differences = input.optional("differences")
    write_summary(input.comparison, differences, input.ranks, input.models, output.summary, params.generators)
