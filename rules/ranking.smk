# Ranking: what synthetic sets, calibrated or not, say about the order of models on real images.
RANKING_TABLES = [
    "calibration",
    "calibration_models",
    "calibration_penalties",
    "model_ranking",
]
# What the ranking of one draw and split writes.
RANKING_OUTPUTS = {
    name: plan.ranking("{draw}", "{split}") / f"{name}.parquet"
    for name in ["calibration_comparisons", "model_ranking", "image_weights"]
}


include: "ranking_candidates.smk"


rule calibration_tables:
    input:
        comparisons=plan.ranking_files("calibration_comparisons.parquet"),
        rankings=plan.ranking_files("model_ranking.parquet"),
        code=modules("ranking", "jobs/ranking.py", "tables.py", "schemas.py"),
    output:
        **{name: plan.table(name) for name in RANKING_TABLES},
        **{f"{name}_csv": plan.table(name, "csv") for name in RANKING_TABLES},
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
        tables=RANKING_TABLES,
        settings=study.ranking.model_dump(mode="json"),
        seed=study.seed,
    message:
        "Tables of the ranking study"
    script:
        "../workflow_scripts/calibration_tables.py"


TARGETS["ranking"] = rules.calibration_tables.output
