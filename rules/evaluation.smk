# Evaluation: the error counts of every snapshot of a batch on one set, and the predictions of those that matter.
#
# A synthetic set chooses among full runs, the validation part among subtrain runs. The test images choose nothing: they
# come last, when it is known what the choosing sets chose, and no other rule of the candidates reads their file.
rule evaluate:
    input:
        weights=rules.train_candidates.output.weights,
        history=rules.train_candidates.output.history,
        images=lambda wildcards: plan.set_images(
            wildcards.draw, wildcards.split, wildcards.set
        ),
        classes=rules.prepare.output.classes,
        choices=lambda wildcards: [
            plan.evaluation(
                wildcards.draw,
                wildcards.split,
                wildcards.regime,
                wildcards.batch,
                name,
            )
            / "counts.parquet"
            for name in plan.choosing_sets(wildcards.split, wildcards.regime)
            if wildcards.set == "test"
        ],
    output:
        counts=plan.evaluation("{draw}", "{split}", "{regime}", "{batch}", "{set}")
        / "counts.parquet",
        predictions=plan.evaluation(
            "{draw}", "{split}", "{regime}", "{batch}", "{set}"
        )
        / "predictions.parquet",
    log:
        f"{LOGS}/evaluate/{BATCH_PLACE}/{{set}}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate/{BATCH_PLACE}/{{set}}.tsv"
    wildcard_constraints:
        set="|".join(map(re.escape, ["test", "validation", *study.generators])),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=minutes(480),
        gpu=GPU,
    params:
        device=study.device,
        version=STAGE_VERSIONS["evaluate"],
    message:
        "Evaluating {wildcards.batch} ({wildcards.regime}, {wildcards.split}, draw {wildcards.draw}) on {wildcards.set}"
    script:
        "../workflow_scripts/evaluate.py"
