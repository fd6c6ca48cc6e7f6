"""Evaluate the last snapshots of a split's candidates on the calibration images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.candidates import evaluate_on_calibration

    evaluate_on_calibration(
        [Path(path) for path in snakemake.input.weights],
        [Path(path) for path in snakemake.input.histories],
        Path(snakemake.input.images),
        Path(snakemake.input.classes),
        Path(snakemake.output.predictions),
        where={
            "draw": int(snakemake.wildcards.draw),
            "split": snakemake.wildcards.split,
            "regime": "full",
            "set": "calibration",
        },
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
