"""Draw images made at several strengths of the guidance."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.figures import plot_guided_images

    folders = [folder / name for folder, name in zip(input.images, params.runs, strict=True)]
    plot_guided_images(dict(zip(params.omegas, folders, strict=True)), input.classes, output.figure)
