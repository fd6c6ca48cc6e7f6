# What classes count for, which snapshots are chosen, and evaluation.
rule class_shares:
    input:
        train=plan.part("{draw}", "{split}", "train"),
        classes=rules.prepare.output.classes,
        code=code_inputs("class_shares"),
    output:
        shares=plan.class_shares("{draw}", "{split}"),
    # First of all: an error about shares of unknown classes must come before hours of training.
    priority: 100
    params:
        settings=study.selection.share_settings(),
    message:
        "What each class of {wildcards.split} counts for, draw {wildcards.draw}"
    script:
        "../workflow_scripts/class_shares.py"


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
        shares=rules.class_shares.output.shares,
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
        shares=lambda wildcards: (
            [] if wildcards.set == "test" else [rules.class_shares.output.shares]
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
