"""Score the practice study's learners on real and shifted images."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice import EvaluationInputs, evaluate_practice

    inputs = EvaluationInputs(**vars(input), draws=params.draws, folders=params.folders, pixels=params.pixels)
    evaluate_practice(inputs, params.corruptions, output.evaluation, output.guidance, context)
