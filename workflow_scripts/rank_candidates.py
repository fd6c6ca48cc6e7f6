"""Rank the candidates of one draw and split with each of its synthetic sets."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.ranking import rank_candidates

    predictions = {}
    for name, path in zip(params.sets, input.predictions, strict=True):
        predictions.setdefault(name, []).append(path)
    images = dict(zip(predictions, input.images, strict=True))
    rank_candidates(predictions, images, input.classes, vars(output), params.settings, context, input.shares)
