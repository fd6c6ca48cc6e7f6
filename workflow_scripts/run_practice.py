"""Run one arm of the practice study with a block of seeds."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice import run_practice

    run_practice(
        snakemake.params.run,
        [Path(path) for path in snakemake.input.subtrain],
        [Path(path) for path in snakemake.input.validation],
        Path(snakemake.input.classes),
        [Path(path) for path in snakemake.input.models],
        [Path(path) for path in snakemake.input.pool],
        {name: Path(path) for name, path in snakemake.output.items()},
        checkpoints=Path(snakemake.params.checkpoints),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
