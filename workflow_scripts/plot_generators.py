"""Draw the quality of the synthetic sets, and the Frechet distances of the generators' snapshots."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_generators

    scores = dict(zip(input.scores, params.sources, strict=True))
    plot_generators(input.table, scores, params.splits, params.generators, vars(output))
