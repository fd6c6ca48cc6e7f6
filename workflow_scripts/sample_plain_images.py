"""Make the plain images that the practice study's arms share."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice import sample_plain_images

    first, count = snakemake.params.part
    sample_plain_images(
        snakemake.params.generator,
        snakemake.params.sampling,
        Path(snakemake.input.model) if snakemake.input.model else None,
        Path(snakemake.input.classes),
        Path(snakemake.output.shard),
        first=first,
        count=count,
        checkpoints=Path(snakemake.params.checkpoints),
        seed_number=int(snakemake.wildcards.seed),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
