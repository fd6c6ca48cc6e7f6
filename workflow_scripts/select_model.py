"""Hand out the model that the synthetic protocol chose."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.export import Choice, write_selected_model

    write_selected_model(input.comparison, input.classes, input.weights, output.folder, Choice(**params.choice))
