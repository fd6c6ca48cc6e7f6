"""Read a study's images from their source."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.data import prepare_images

    prepare_images(
        params.settings, output.images, output.classes, output.checks, output.checks_csv, output.report, context
    )
