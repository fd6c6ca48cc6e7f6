"""Evaluate a batch of models on one set of images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.zoo import ModelSet, evaluate_models

    image_set = ModelSet(params.image_set, params.classes, params.state)
    evaluate_models(params.models, params.settings, image_set, input.shards, output, context)
