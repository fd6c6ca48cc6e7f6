# Ranking: what synthetic sets, calibrated or not, say about the order of models on real images.
CALIBRATION_TABLES = [
    name for name in plan.ranking.tables if name != "model_evaluations"
]
RANKING_CODE = modules(
    "ranking",
    "statistics/rank_correlation.py",
    "jobs/ranking.py",
    "tables.py",
    "schemas",
)


if study.ranking.sets:

    include: "ranking_models.smk"

else:

    include: "ranking_candidates.smk"


rule calibration_tables:
    input:
        comparisons=(
            plan.ranking.files("calibration_comparisons.parquet")
            if plan.ranking.is_judged
            else []
        ),
        rankings=plan.ranking.files("model_ranking.parquet"),
        code=RANKING_CODE,
    output:
        **{name: plan.table(name) for name in CALIBRATION_TABLES},
        **{f"{name}_csv": plan.table(name, "csv") for name in CALIBRATION_TABLES},
    log:
        f"{LOGS}/calibration_tables.log",
    benchmark:
        f"{BENCHMARKS}/calibration_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        tables=CALIBRATION_TABLES,
        settings=study.ranking.calibration_settings(),
        seed=study.seed,
    message:
        "Tables of the ranking study"
    script:
        "../workflow_scripts/calibration_tables.py"


# Figures of the first draw alone: others look alike, and the tables have them all.
SHOWN_RANKINGS = {
    plan.ranking.folder(draw, split)
    .relative_to(plan.root / "ranking")
    .as_posix(): (
        draw,
        split,
    )
    for draw, split in plan.ranking.places
    if draw == 0
}


rule plot_model_ranking:
    input:
        table=f"{ROOT}/ranking/{{place}}/model_ranking.parquet",
        code=code_inputs("plot_model_ranking"),
    output:
        figure=figure(
            "ranking/{place}/model_ranking",
            "6 Ranking",
            "Real error against estimated error",
            models="{place}",
        ),
    log:
        f"{LOGS}/plot_model_ranking/{{place}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_model_ranking/{{place}}.tsv"
    wildcard_constraints:
        place="|".join(map(re.escape, SHOWN_RANKINGS)),
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_model_ranking"),
    params:
        title=lambda wildcards: SHOWN_RANKINGS[wildcards.place][1] or study.study,
    message:
        "Figure: real error against estimated error, {wildcards.place}"
    script:
        "../workflow_scripts/plot_model_ranking.py"


rule plot_gallery:
    input:
        weights=f"{ROOT}/ranking/{{place}}/image_weights.parquet",
        images=lambda wildcards: plan.weighed_files(*SHOWN_RANKINGS[wildcards.place]),
        classes=[] if study.ranking.sets else plan.classes,
        code=code_inputs("plot_gallery"),
    output:
        figure=figure(
            "ranking/{place}/gallery",
            "6 Ranking",
            "Images by their weight in the calibration",
            models="{place}",
        ),
    log:
        f"{LOGS}/plot_gallery/{{place}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_gallery/{{place}}.tsv"
    wildcard_constraints:
        place="|".join(map(re.escape, SHOWN_RANKINGS)),
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_gallery"),
    params:
        title=lambda wildcards: SHOWN_RANKINGS[wildcards.place][1] or study.study,
        sets=lambda wildcards: {
            name: path.as_posix()
            for name, path in plan.weighed_images(
                *SHOWN_RANKINGS[wildcards.place]
            ).items()
        },
        classes=study.ranking.classes,
        shown=study.ranking.gallery_classes,
    message:
        "Figure: images by their weight, {wildcards.place}"
    script:
        "../workflow_scripts/plot_gallery.py"


rule plot_calibration_models:
    input:
        table=plan.table("calibration_models"),
        code=code_inputs("plot_calibration_models"),
    output:
        figure=figure(
            "calibration_models",
            "6 Ranking",
            "Rank correlation by the number of calibration models",
            models="all",
        ),
    log:
        f"{LOGS}/plot_calibration_models.log",
    benchmark:
        f"{BENCHMARKS}/plot_calibration_models.tsv"
    conda:
        ENVIRONMENT
    resources:
        **resources_for("plot_calibration_models"),
    params:
        splits=plan.splits or [""],
    message:
        "Figure: rank correlation by the number of calibration models"
    script:
        "../workflow_scripts/plot_calibration_models.py"


REPORTED_TABLES |= {name: "6 Ranking" for name in CALIBRATION_TABLES}
TARGETS["ranking"] = [
    *map(plan.table, plan.ranking.tables),
    *map(table_page, CALIBRATION_TABLES),
    *([rules.plot_calibration_models.output.figure] if plan.ranking.is_judged else []),
    *expand(rules.plot_model_ranking.output.figure, place=SHOWN_RANKINGS),
    *expand(
        rules.plot_gallery.output.figure,
        place=[
            place
            for place, ranking in SHOWN_RANKINGS.items()
            if plan.weighed_images(*ranking)
        ],
    ),
]
