"""Draw the practice study's figures."""

from adapter import job

with job(snakemake):
    from understudy.plots.practice import plot_practice

    plot_practice(
        {name: snakemake.input[name] for name in snakemake.params.tables},
        dict(snakemake.output.items()),
    )
