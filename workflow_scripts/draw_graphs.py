"""Draw the random graphs of the study's randomly wired networks."""

from adapter import job

with job(snakemake) as (_, output, params, context):
    from understudy.jobs.candidates import write_graphs

    write_graphs(params.settings, output.graphs, context)
