"""Draw the random graphs of the study's randomly wired networks."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.candidates import write_graphs

    write_graphs(snakemake.params.settings, snakemake.params.seed, Path(snakemake.output.graphs))
