"""Draw the Frechet distances of the generators' snapshots."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_snapshot_scores

    scores = dict(zip(input.scores, params.sources, strict=True))
    plot_snapshot_scores(scores, params.splits, params.generators, output.figure)
