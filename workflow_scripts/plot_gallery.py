"""Draw images of highest, lowest and zero weight in the calibration."""

from adapter import job

with job(snakemake):
    from understudy.files import read_json
    from understudy.plots.gallery import plot_gallery

    classes = snakemake.params.classes
    if classes is None:
        classes = read_json(snakemake.input.classes)["classes"]
    elif isinstance(classes, int):
        classes = [str(label) for label in range(classes)]
    plot_gallery(
        snakemake.params.title,
        snakemake.input.weights,
        snakemake.params.sets,
        classes,
        [label for label in snakemake.params.shown if label < len(classes)],
        snakemake.output.figure,
    )
