# Figures of the generators: their images, their quality, their snapshots.
GENERATOR_FIGURE = {"category": "4 Generators", "subcategory": "overview"}
IMAGES_FIGURE = {
    "category": "4 Generators",
    "subcategory": "images",
    "split": "{split}",
    "draw": "{draw}",
}


rule plot_generator_images:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        shards=lambda wildcards: [
            plan.synthetic(wildcards.draw, wildcards.split, name)
            for name in study.generator_names(wildcards.split)
        ],
        pairs=lambda wildcards: [
            plan.generator(wildcards.draw, wildcards.split, name)
            / "closest_pairs.parquet"
            for name in study.generator_names(wildcards.split)
        ],
        classes=rules.prepare.output.classes,
        code=code_inputs("plot_generator_images"),
    output:
        sample_grid=figure(
            "draw{draw}/{split}/sample_grid",
            contents="Real and synthetic images",
            **IMAGES_FIGURE,
        ),
        closest_pairs=figure(
            "draw{draw}/{split}/closest_pairs",
            contents="Closest pairs",
            **IMAGES_FIGURE,
        ),
    params:
        generators=lambda wildcards: study.generator_names(wildcards.split),
    message:
        "Figures: images of the generators of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_generator_images.py"


rule plot_generators:
    input:
        table=plan.table("generator_quality"),
        scores=plan.generator_files("snapshot_scores.parquet"),
        code=code_inputs("plot_generators"),
    output:
        generator_quality=figure(
            "generator_quality",
            contents="Quality of the synthetic sets",
            split="all",
            **GENERATOR_FIGURE,
        ),
        snapshot_scores=figure(
            "snapshot_scores",
            contents="Snapshots during training",
            caption="snapshot_scores_figure",
            split="all",
            **GENERATOR_FIGURE,
        ),
    params:
        sources=[
            (draw, split, name)
            for draw in plan.draws
            for split in plan.splits
            for name in study.generator_names(split)
        ],
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figures: quality and snapshots of the generators"
    script:
        "../workflow_scripts/plot_generators.py"
