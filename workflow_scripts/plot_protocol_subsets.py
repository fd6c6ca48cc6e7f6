"""Draw how much the synthetic protocol wins by over random halves of the candidates."""

from adapter import job

with job(snakemake):
    from understudy.plots.protocol_subsets import plot_protocol_subsets

    plot_protocol_subsets(snakemake.input.table, snakemake.params.synthetic_sets, snakemake.output.figure)
