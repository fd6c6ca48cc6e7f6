"""Write a table as a page for people."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.pages import write_table_page

    name, classes = context.wildcards["table"], input.optional("classes")
    write_table_page(name, input.table, classes, params.splits, params.generators, params.note, output.page)
