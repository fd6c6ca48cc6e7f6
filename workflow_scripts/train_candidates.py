"""Train a batch of runs."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.candidates import train_batch

    train_batch(
        snakemake.params.batch,
        Path(snakemake.input.train),
        Path(snakemake.input.classes),
        Path(snakemake.input.graphs) if snakemake.input.graphs else None,
        Path(snakemake.output.weights),
        Path(snakemake.output.history),
        checkpoints=Path(snakemake.params.checkpoints),
        draw=int(snakemake.wildcards.draw),
        split=snakemake.wildcards.split,
        regime=snakemake.wildcards.regime,
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
