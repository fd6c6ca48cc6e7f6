"""Hand out the model that the synthetic protocol chose."""

from adapter import job

with job(snakemake) as (input, output, params, _):
    from understudy.jobs.export import Choice, write_selected_model

    tables = {name: getattr(input, name) for name in ("protocol_comparison", "class_errors", "class_summary")}
    write_selected_model(tables, input.classes, input.weights, output.folder, Choice(**params.choice))
