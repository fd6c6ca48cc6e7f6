"""Draw the training images of one split."""

from adapter import job

with job(snakemake):
    from pathlib import Path

    from understudy.data.splits import write_train

    write_train(
        Path(snakemake.input.images),
        snakemake.wildcards.split,
        snakemake.params.train,
        snakemake.params.seed,
        int(snakemake.wildcards.draw),
        Path(snakemake.output.train),
    )
