"""Write a table as a page for people."""

from adapter import job

with job(snakemake):
    from understudy.plots.table_pages import write_table_page

    write_table_page(
        snakemake.wildcards.table,
        snakemake.input.table,
        snakemake.params.splits,
        snakemake.params.generators,
        snakemake.output.page,
        snakemake.params.note,
        snakemake.input.classes or None,
    )
