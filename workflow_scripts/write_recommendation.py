"""Write the report's first page."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.pages import write_recommendation

    tables = {name: getattr(input, name) for name in params.tables}
    sets, generators = params.synthetic_sets, params.generators
    write_recommendation(params.study, tables, sets, generators, params.seeds, output.page)
