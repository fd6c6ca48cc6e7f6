"""Train the practice study's diffusion model."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice import train_study_diffusion

    train_study_diffusion(
        snakemake.params.settings,
        Path(snakemake.input.subtrain),
        Path(snakemake.input.classes),
        Path(snakemake.output.model),
        Path(snakemake.output.history),
        checkpoints=Path(snakemake.params.checkpoints),
        draw=int(snakemake.wildcards.draw),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
