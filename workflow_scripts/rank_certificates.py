"""Compute the tables of rank certificates."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.jobs.selection import write_certificates

    write_certificates(
        [Path(path) for path in snakemake.input.counts],
        [Path(path) for path in snakemake.input.predictions],
        {tuple(place): Path(path) for place, path in zip(snakemake.params.sets, snakemake.input.images, strict=True)},
        Path(snakemake.input.quality),
        [Path(path) for path in snakemake.input.clusters],
        {
            "rank_certificates": (Path(snakemake.output.certificates), Path(snakemake.output.certificates_csv)),
            "certificate_summary": (Path(snakemake.output.summary), Path(snakemake.output.summary_csv)),
        },
        has_test=snakemake.params.has_test,
    )
