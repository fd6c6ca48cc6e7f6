"""Rank the candidates of one draw and split with each of its synthetic sets."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.ranking import rank_candidates

    predictions = {}
    for name, path in zip(snakemake.params.sets, snakemake.input.predictions, strict=True):
        predictions.setdefault(name, []).append(Path(path))
    rank_candidates(
        predictions,
        dict(zip(snakemake.params.images_of, map(Path, snakemake.input.images), strict=True)),
        Path(snakemake.input.classes),
        {name: Path(path) for name, path in snakemake.output.items()},
        where={"draw": int(snakemake.wildcards.draw), "split": snakemake.wildcards.split},
        settings=snakemake.params.settings,
        study_seed=snakemake.params.seed,
    )
