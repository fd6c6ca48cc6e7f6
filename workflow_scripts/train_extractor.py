"""Train the study's feature extractor."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.generators import train_study_extractor

    train_study_extractor(input.train, input.classes, output.extractor, context)
