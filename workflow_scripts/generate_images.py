"""Generate one shard of a pretrained generator's set."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.zoo import generate_shard

    generate_shard(
        snakemake.params.settings,
        snakemake.wildcards.set,
        int(snakemake.wildcards.shard),
        snakemake.params.classes,
        Path(snakemake.output.shard),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
    )
