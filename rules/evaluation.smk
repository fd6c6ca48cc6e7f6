# Evaluation: the error counts of every snapshot of a batch on one set, and the predictions of those that matter.
#
# A synthetic set chooses among full runs, the validation part among subtrain runs. The test images choose nothing: they
# come last, when it is known what the selection sets chose, and no other rule of the candidates reads their file.
EVALUATION = plan.evaluation("{draw}", "{split}", "{regime}", "{batch}", "{set}")


rule choose_snapshots:
    input:
        counts=lambda wildcards: [
            plan.evaluation(**wildcards, set_name=name) / "counts.parquet"
            for name in plan.selection_sets(wildcards.split, wildcards.regime)
        ],
        code=code_inputs("choose_snapshots"),
    output:
        chosen=plan.chosen_snapshots("{draw}", "{split}", "{regime}", "{batch}"),
    message:
        "Choosing snapshots of {wildcards.batch} ({wildcards.regime}, {wildcards.split}, draw {wildcards.draw})"
    script:
        "../workflow_scripts/choose_snapshots.py"


rule evaluate:
    input:
        weights=rules.train_candidates.output.weights,
        history=rules.train_candidates.output.history,
        images=lambda wildcards: plan.set_images(
            wildcards.draw, wildcards.split, wildcards.set
        ),
        classes=rules.prepare.output.classes,
        chosen=lambda wildcards: (
            [rules.choose_snapshots.output.chosen] if wildcards.set == "test" else []
        ),
    output:
        counts=EVALUATION / "counts.parquet",
        predictions=EVALUATION / "predictions.parquet",
    wildcard_constraints:
        set="|".join(map(re.escape, ["test", "validation", *study.generators])),
    params:
        **stage("evaluate"),
    message:
        "Evaluating {wildcards.batch} ({wildcards.regime}, {wildcards.split}, draw {wildcards.draw}) on {wildcards.set}"
    script:
        "../workflow_scripts/evaluate.py"
