"""Write the report's first page."""

from adapter import job

with job(snakemake):
    from understudy.plots.recommendation import write_answer

    write_answer(
        snakemake.params.study,
        {name: snakemake.input[name] for name in snakemake.params.tables},
        snakemake.params.synthetic_sets,
        snakemake.params.generators,
        snakemake.params.seeds,
        snakemake.output.page,
    )
