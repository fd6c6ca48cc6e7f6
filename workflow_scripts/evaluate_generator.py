"""Measure a synthetic set against real images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.generators import MeasurementFiles, RealFiles, measure_generator

    measure_generator(
        input.shards,
        RealFiles(input.train, input.held_out, input.smallest),
        params.features,
        input.extractor,
        MeasurementFiles(output.quality, output.clusters, output.pairs, output.feature_clusters),
        context,
    )
