"""Rank models by their predictions on given sets."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.ranking import rank_models

    rank_models(
        snakemake.params.sets,
        snakemake.params.real,
        snakemake.params.classes,
        [Path(path) for path in snakemake.input.get("evaluations", [])],
        {name: Path(path) for name, path in snakemake.output.items()},
        settings=snakemake.params.settings,
        study_seed=snakemake.params.seed,
        threads=snakemake.threads,
    )
