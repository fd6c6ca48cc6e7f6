"""Train a generator."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.generators import train_study_generator

    train_study_generator(
        snakemake.params.settings,
        Path(snakemake.input.train),
        Path(snakemake.input.classes),
        Path(snakemake.output.snapshots),
        Path(snakemake.output.history),
        checkpoints=Path(snakemake.params.checkpoints),
        name=snakemake.wildcards.generator,
        draw=int(snakemake.wildcards.draw),
        split=snakemake.wildcards.split,
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
