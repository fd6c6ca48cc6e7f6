"""Draw images made at several strengths of the guidance."""

from adapter import job

with job(snakemake):
    from understudy.plots.practice_images import plot_guided_images

    folders = [f"{folder}/{name}" for folder, name in zip(snakemake.input.images, snakemake.params.runs, strict=True)]
    plot_guided_images(
        dict(zip(snakemake.params.omegas, folders, strict=True)),
        snakemake.input.classes,
        snakemake.output.figure,
    )
