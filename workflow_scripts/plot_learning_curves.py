"""Draw errors against the epoch for chosen runs."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_learning_curves

    histories = dict(zip(input.histories, params.splits, strict=True))
    sets, generators = params.synthetic_sets, params.generators
    plot_learning_curves(input.counts, input.shares, histories, sets, generators, params.followed, output.figure)
