"""Train the practice study's diffusion model."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice import train_study_diffusion

    train_study_diffusion(params.settings, input.subtrain, input.classes, output.model, output.history, context)
