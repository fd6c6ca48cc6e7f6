# Ranking the candidates: their last snapshots on the calibration images, and what the synthetic sets make of them.


# The calibration images choose and train nothing: they give the real risks of the calibration models.
rule evaluate_calibration:
    input:
        weights=lambda wildcards: [
            plan.candidates(wildcards.draw, wildcards.split, "full", batch) / "weights"
            for batch in plan.batches
        ],
        histories=lambda wildcards: [
            plan.candidates(wildcards.draw, wildcards.split, "full", batch)
            / "history.parquet"
            for batch in plan.batches
        ],
        images=plan.part("{draw}", "{split}", "calibration").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        predictions=plan.ranking.folder("{draw}", "{split}")
        / "calibration_predictions.parquet",
    params:
        **stage("evaluate_calibration"),
    message:
        "Evaluating all candidates of {wildcards.split}, draw {wildcards.draw}, on the calibration images"
    script:
        "../workflow_scripts/evaluate_calibration.py"


rule rank_candidates:
    input:
        predictions=lambda wildcards: [
            path
            for name in plan.ranking.ranked_sets(wildcards.split)
            for path in plan.ranked_predictions(wildcards.draw, wildcards.split, name)
        ],
        images=lambda wildcards: [
            plan.set_images(wildcards.draw, wildcards.split, name)
            for name in plan.ranking.ranked_sets(wildcards.split)
        ],
        classes=rules.prepare.output.classes,
        shares=plan.class_shares("{draw}", "{split}"),
        code=code_inputs("rank_candidates"),
    output:
        **{
            name: plan.ranking.folder("{draw}", "{split}") / f"{name}.parquet"
            for name in plan.ranking.outputs
        },
    params:
        sets=lambda wildcards: [
            name
            for name in plan.ranking.ranked_sets(wildcards.split)
            for _ in plan.ranked_predictions(wildcards.draw, wildcards.split, name)
        ],
        settings=study.ranking.calibration_settings(),
        seed=study.seed,
    message:
        "Ranking the candidates of {wildcards.split}, draw {wildcards.draw}, with and without calibration"
    script:
        "../workflow_scripts/rank_candidates.py"
