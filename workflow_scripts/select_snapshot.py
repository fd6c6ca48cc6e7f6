"""Select a generator's snapshot by its Frechet distance to the training images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.generators import select_study_snapshot

    select_study_snapshot(
        input.snapshots, input.train, params.features, input.extractor, output.generator, output.scores, context
    )
