"""Hand out the model that the synthetic protocol chose."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.export import write_selected_model

    write_selected_model(
        Path(snakemake.input.comparison),
        Path(snakemake.input.classes),
        [Path(path) for path in snakemake.input.weights],
        Path(snakemake.output.folder),
        study=snakemake.params.study,
        split=snakemake.wildcards.split,
        generator=snakemake.params.generator,
        images_per_class=snakemake.params.images_per_class,
    )
