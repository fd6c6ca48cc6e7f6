"""Run one variant of the practice study with a block of seeds."""

from adapter import job

with job(snakemake) as (input, output, params, context):
    from understudy.jobs.practice import PracticeInputs, run_practice

    run_practice(params.run, PracticeInputs(**vars(input)), vars(output), context)
