"""Train the study's feature extractor."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.generators import train_study_extractor

    train_study_extractor(
        Path(snakemake.input.train),
        Path(snakemake.input.classes),
        Path(snakemake.output.extractor),
        draw=int(snakemake.wildcards.draw),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
    )
