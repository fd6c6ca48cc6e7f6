"""Score the practice study's learners on real and shifted images."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.practice import evaluate_practice

    evaluate_practice(
        [Path(path).parent for path in snakemake.input.runs],
        {draw: Path(path) for draw, path in zip(snakemake.params.draws, snakemake.input.validation, strict=True)},
        # A study that holds no images out has no test files.
        {draw: Path(path) for draw, path in zip(snakemake.params.draws, snakemake.input.test, strict=False)},
        {name: Path(path) for name, path in snakemake.params.folders.items()},
        snakemake.params.corruptions,
        Path(snakemake.input.classes),
        Path(snakemake.output.evaluation),
        Path(snakemake.output.guidance),
        study_seed=snakemake.params.seed,
        device=snakemake.params.device,
        version=snakemake.params.version,
    )
