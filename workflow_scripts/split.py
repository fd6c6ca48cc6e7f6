"""Draw one split and write each of its parts to a file."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.data.settings import SplitSettings
    from understudy.data.splits import write_split

    write_split(
        Path(snakemake.input.images),
        snakemake.wildcards.split,
        SplitSettings(**snakemake.params.settings),
        snakemake.params.calibration_fraction,
        snakemake.params.seed,
        int(snakemake.wildcards.draw),
        {part: Path(path) for part, path in snakemake.output.items()},
    )
