"""Train a generator."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.generators import train_study_generator

    train_study_generator(params.settings, input.train, input.classes, output.snapshots, output.history, context)
