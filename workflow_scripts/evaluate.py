"""Evaluate a batch of runs on one set of images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.candidates import evaluate_batch

    evaluate_batch(
        Path(snakemake.input.weights),
        Path(snakemake.input.history),
        Path(snakemake.input.images),
        Path(snakemake.input.classes),
        [Path(path) for path in snakemake.input.choices],
        Path(snakemake.output.counts),
        Path(snakemake.output.predictions),
        where={
            "draw": int(snakemake.wildcards.draw),
            "split": snakemake.wildcards.split,
            "regime": snakemake.wildcards.regime,
            "set": snakemake.wildcards.set,
        },
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
