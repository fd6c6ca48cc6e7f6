"""Draw images of highest, lowest and zero weight in the calibration."""

from pathlib import Path

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_gallery

    classes = input.optional("classes") or params.classes
    sets = {name: Path(path) for name, path in params.sets.items()}
    plot_gallery(params.title, input.weights, sets, classes, params.shown, output.figure)
