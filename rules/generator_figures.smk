# Figures of the generators: their images, their quality, their snapshots.


rule plot_sample_grid:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        shards=lambda wildcards: [
            plan.synthetic(wildcards.draw, wildcards.split, name)
            for name in study.generators_of(wildcards.split)
        ],
        classes=rules.prepare.output.classes,
        code=code_inputs("plot_sample_grid"),
    output:
        figure=figure(
            "draw{draw}/{split}/sample_grid",
            "4 Generators",
            "Real and synthetic images",
            subcategory="images",
            split="{split}",
            draw="{draw}",
        ),
    log:
        f"{LOGS}/plot_sample_grid/draw{{draw}}/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_sample_grid/draw{{draw}}/{{split}}.tsv"
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_sample_grid"),
    params:
        generators=lambda wildcards: study.generators_of(wildcards.split),
    message:
        "Figure: sample grid of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_sample_grid.py"


rule plot_closest_pairs:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        shards=lambda wildcards: [
            plan.synthetic(wildcards.draw, wildcards.split, name)
            for name in study.generators_of(wildcards.split)
        ],
        pairs=lambda wildcards: [
            plan.generator(wildcards.draw, wildcards.split, name)
            / "closest_pairs.parquet"
            for name in study.generators_of(wildcards.split)
        ],
        code=code_inputs("plot_closest_pairs"),
    output:
        figure=figure(
            "draw{draw}/{split}/closest_pairs",
            "4 Generators",
            "Closest pairs",
            subcategory="images",
            split="{split}",
            draw="{draw}",
        ),
    log:
        f"{LOGS}/plot_closest_pairs/draw{{draw}}/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_closest_pairs/draw{{draw}}/{{split}}.tsv"
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_closest_pairs"),
    params:
        generators=lambda wildcards: study.generators_of(wildcards.split),
    message:
        "Figure: closest pairs of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_closest_pairs.py"


rule plot_generator_quality:
    input:
        table=plan.table("generator_quality"),
        code=code_inputs("plot_generator_quality"),
    output:
        figure=figure(
            "generator_quality",
            "4 Generators",
            "Quality of the synthetic sets",
            subcategory="overview",
            split="all",
        ),
    log:
        f"{LOGS}/plot_generator_quality.log",
    benchmark:
        f"{BENCHMARKS}/plot_generator_quality.tsv"
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_generator_quality"),
    params:
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figure: generator quality"
    script:
        "../workflow_scripts/plot_generator_quality.py"


rule plot_snapshot_scores:
    input:
        scores=plan.generator_files("snapshot_scores.parquet"),
        code=code_inputs("plot_snapshot_scores"),
    output:
        figure=figure(
            "snapshot_scores",
            "4 Generators",
            "Snapshots during training",
            caption="snapshot_scores_figure",
            subcategory="overview",
            split="all",
        ),
    log:
        f"{LOGS}/plot_snapshot_scores.log",
    benchmark:
        f"{BENCHMARKS}/plot_snapshot_scores.tsv"
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_snapshot_scores"),
    params:
        sources=[
            (draw, split, name)
            for draw in plan.draws
            for split in plan.splits
            for name in study.generators_of(split)
        ],
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figure: snapshots of the generators"
    script:
        "../workflow_scripts/plot_snapshot_scores.py"
