"""Carve subtrain and validation out of one split's training images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.data.splits import write_carved

    write_carved(
        Path(snakemake.input.train),
        snakemake.wildcards.split,
        snakemake.params.validation,
        snakemake.params.seed,
        int(snakemake.wildcards.draw),
        {part: Path(path) for part, path in snakemake.output.items()},
    )
