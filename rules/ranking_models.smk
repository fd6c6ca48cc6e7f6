# Ranking models by their predictions on given sets: prediction files, or images that models of timm are evaluated on.
SETS_OF_PREDICTIONS, REAL_SETS = plan.ranking.given_sets()
MODEL_EVALUATIONS = [
    plan.ranking.model_evaluation(name, batch) / "evaluations.parquet"
    for name in plan.ranking.image_sets
    for batch in plan.ranking.model_batches
]


# Of a set of many jobs the files are looked at once.
cached_state = functools.cache(files_state)


def evaluated_state(image_set, batch):
    """The state of the files that only settings name: given images, and one's own weights of a batch's models."""
    weights = study.ranking.models.own_weights(plan.ranking.model_batches[batch])
    files = [
        plan.ranking.given_root(image_set),
        *(entry.path for entry in weights.values()),
    ]
    return [cached_state(path) for path in files]


# Weights may come over a network: each job makes one shard, so that little is lost where one fails.
rule generate_images:
    output:
        shard=f"{ROOT}/ranking/images/{{set}}/" + shard_name("{shard}"),
    log:
        f"{LOGS}/generate_images/{{set}}/{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/generate_images/{{set}}/{{shard}}.tsv"
    wildcard_constraints:
        set="|".join(map(re.escape, plan.ranking.image_sets)),
        shard=r"\d+",
    priority: 10
    threads: 2
    params:
        **stage("generate_images"),
        settings=lambda wildcards: plan.ranking.image_sets[wildcards.set].canonical(),
        state=lambda wildcards: cached_state(
            Path(plan.ranking.image_sets[wildcards.set].model)
        ),
        classes=study.ranking.class_count,
    message:
        "Generating shard {wildcards.shard} of {wildcards.set}"
    script:
        "../workflow_scripts/generate_images.py"


rule evaluate_models:
    input:
        shards=lambda wildcards: plan.ranking.generated_shards(wildcards.set),
    output:
        predictions=plan.ranking.model_evaluation("{set}", "{batch}")
        / "predictions.parquet",
        labels=plan.ranking.model_evaluation("{set}", "{batch}") / "labels.parquet",
        evaluations=plan.ranking.model_evaluation("{set}", "{batch}")
        / "evaluations.parquet",
    wildcard_constraints:
        set="|".join(map(re.escape, plan.ranking.image_sets)),
        batch=r"block\d+",
    # The job's own process, and those that load images: how many changes no result, so that no parameter says it.
    threads: 1 + study.ranking.models.workers if study.ranking.models else 1
    params:
        **stage("evaluate_models"),
        models=lambda wildcards: plan.ranking.model_batches[wildcards.batch],
        settings=lambda wildcards: study.ranking.models.evaluation_settings(
            plan.ranking.model_batches[wildcards.batch]
        ),
        image_set=lambda wildcards: plan.ranking.image_sets[wildcards.set].canonical(),
        state=lambda wildcards: evaluated_state(wildcards.set, wildcards.batch),
        classes=lambda wildcards: study.ranking.classes,
        checkpoints=f"{ROOT}/checkpoints/ranking/{{set}}/{{batch}}",
    message:
        "Evaluating models of {wildcards.batch} on {wildcards.set}"
    script:
        "../workflow_scripts/evaluate_models.py"


rule model_evaluations:
    input:
        evaluations=MODEL_EVALUATIONS,
        code=code_inputs("model_evaluations"),
    output:
        table=plan.table("model_evaluations"),
        csv=plan.table("model_evaluations", "csv"),
    message:
        "Table model_evaluations"
    script:
        "../workflow_scripts/model_evaluations.py"


rule rank_models:
    input:
        predictions=lambda wildcards: plan.ranking.given_files(),
        evaluations=MODEL_EVALUATIONS,
        code=code_inputs("rank_models"),
    output:
        **{
            name: plan.ranking.folder(0, "") / f"{name}.parquet"
            for name in plan.ranking.outputs
        },
    threads: 2
    params:
        sets=SETS_OF_PREDICTIONS,
        real=REAL_SETS,
        classes=lambda wildcards: study.ranking.classes,
        settings=study.ranking.calibration_settings(),
        shares=study.selection.share_settings(),
        seed=study.seed,
    message:
        "Ranking the models with and without calibration"
    script:
        "../workflow_scripts/rank_models.py"
