"""Rank models by their predictions on given sets."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.ranking import rank_models

    sets, settings = (params.sets, params.real), params.settings
    rank_models(*sets, params.classes, input.evaluations, vars(output), settings, context, params.shares)
