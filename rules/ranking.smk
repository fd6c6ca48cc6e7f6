# Ranking: what synthetic sets, calibrated or not, say about the order of models on real images.
CALIBRATION_TABLES = [
    name for name in plan.ranking.tables if name != "model_evaluations"
]


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
        code=code_inputs("calibration_tables"),
    output:
        **table_files(*CALIBRATION_TABLES),
    params:
        settings=study.ranking.calibration_settings(),
        seed=study.seed,
    message:
        "Tables of the ranking study"
    script:
        "../workflow_scripts/calibration_tables.py"


# Figures of the first draw alone: others look alike, and the tables have them all.
SHOWN_RANKINGS = {
    plan.ranking.folder(*key).relative_to(plan.root / "ranking").as_posix(): key
    for key in plan.ranking.rankings
    if key[0] == 0
}


rule plot_model_ranking:
    input:
        table=f"{ROOT}/ranking/{{ranking}}/model_ranking.parquet",
        code=code_inputs("plot_model_ranking"),
    output:
        figure=figure(
            "ranking/{ranking}/model_ranking",
            "6 Ranking",
            "Real error against estimated error",
            models="{ranking}",
        ),
    wildcard_constraints:
        ranking="|".join(map(re.escape, SHOWN_RANKINGS)),
    params:
        title=lambda wildcards: SHOWN_RANKINGS[wildcards.ranking][1] or study.study,
    message:
        "Figure: real error against estimated error, {wildcards.ranking}"
    script:
        "../workflow_scripts/plot_model_ranking.py"


rule plot_gallery:
    input:
        weights=f"{ROOT}/ranking/{{ranking}}/image_weights.parquet",
        images=lambda wildcards: plan.weighed_files(*SHOWN_RANKINGS[wildcards.ranking]),
        classes=[] if study.ranking.sets else plan.classes,
        code=code_inputs("plot_gallery"),
    output:
        figure=figure(
            "ranking/{ranking}/gallery",
            "6 Ranking",
            "Images by their weight in the calibration",
            models="{ranking}",
        ),
    wildcard_constraints:
        ranking="|".join(map(re.escape, SHOWN_RANKINGS)),
    params:
        title=lambda wildcards: SHOWN_RANKINGS[wildcards.ranking][1] or study.study,
        sets=lambda wildcards: {
            name: path.as_posix()
            for name, path in plan.weighed_images(
                *SHOWN_RANKINGS[wildcards.ranking]
            ).items()
        },
        classes=lambda wildcards: study.ranking.classes,
        shown=study.ranking.gallery_classes,
    message:
        "Figure: images by their weight, {wildcards.ranking}"
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
    *expand(rules.plot_model_ranking.output.figure, ranking=SHOWN_RANKINGS),
    *expand(
        rules.plot_gallery.output.figure,
        ranking=[
            ranking
            for ranking, key in SHOWN_RANKINGS.items()
            if plan.weighed_images(*key)
        ],
    ),
]
