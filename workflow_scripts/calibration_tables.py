"""Write the tables of the ranking study."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.ranking import write_calibration_tables

    write_calibration_tables(
        [Path(path) for path in snakemake.input.comparisons],
        [Path(path) for path in snakemake.input.rankings],
        {
            name: (Path(snakemake.output[name]), Path(snakemake.output[f"{name}_csv"]))
            for name in snakemake.params.tables
        },
        settings=snakemake.params.settings,
        study_seed=snakemake.params.seed,
    )
