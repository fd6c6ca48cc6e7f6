"""Read a study's images from their source."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.data.settings import DataSettings
    from understudy.data.sources import prepare

    prepare(DataSettings(**snakemake.params.settings), Path(snakemake.output.images), Path(snakemake.output.classes))
