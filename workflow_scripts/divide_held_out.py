"""Divide one split's held-out images into calibration and test."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.data.splits import write_held_out

    write_held_out(
        Path(snakemake.input.images),
        snakemake.wildcards.split,
        snakemake.params.train,
        snakemake.params.calibration_fraction,
        snakemake.params.seed,
        int(snakemake.wildcards.draw),
        {part: Path(path) for part, path in snakemake.output.items()},
    )
