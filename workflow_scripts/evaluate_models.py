"""Evaluate a batch of models on one set of images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.zoo import evaluate_models

    evaluate_models(
        snakemake.params.models,
        snakemake.params.settings,
        snakemake.wildcards.set,
        snakemake.params.image_set,
        [Path(path) for path in snakemake.input.get("shards", [])],
        {name: Path(path) for name, path in snakemake.output.items()},
        classes=snakemake.params.classes,
        state=snakemake.params.state,
        workers=snakemake.threads - 1,
        checkpoints=Path(snakemake.params.checkpoints),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
