"""Rank models by their predictions on given sets."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.ranking import rank_models

    rank_models(params.sets, params.real, params.classes, input.evaluations, vars(output), params.settings, context)
