# Selection: the tables that compare what was chosen, and the product, the model to ship.
SETS = plan.evaluated_sets()


rule selection_table:
    input:
        counts=plan.evaluations("counts.parquet"),
        predictions=plan.evaluations("predictions.parquet"),
        images=[plan.set_images(*one) for one in SETS],
        shares=plan.all_class_shares,
        code=code_inputs("selection_table"),
    output:
        table=plan.table("{table}"),
        csv=plan.table("{table}", "csv"),
    wildcard_constraints:
        table="|".join(plan.selection_tables),
    params:
        sets=SETS,
        seed=study.seed,
        n_resamples=lambda wildcards: plan.n_resamples(wildcards.table),
        has_test=plan.has_test_images,
    message:
        "Table {wildcards.table}"
    script:
        "../workflow_scripts/selection_table.py"


rule rank_certificates:
    input:
        counts=plan.evaluations("counts.parquet"),
        predictions=plan.evaluations("predictions.parquet"),
        images=[plan.set_images(*one) for one in SETS],
        shares=plan.all_class_shares,
        quality=plan.table("generator_quality"),
        clusters=plan.generator_files("feature_clusters.parquet"),
        code=code_inputs("rank_certificates"),
    output:
        **table_files("rank_certificates", "certificate_summary"),
    params:
        sets=SETS,
        has_test=plan.has_test_images,
    message:
        "Tables rank_certificates and certificate_summary"
    script:
        "../workflow_scripts/rank_certificates.py"


rule class_errors:
    input:
        comparison=plan.table("protocol_comparison"),
        predictions=plan.evaluations("predictions.parquet"),
        images=[plan.set_images(*one) for one in SETS],
        shares=plan.all_class_shares,
        code=code_inputs("class_errors"),
    output:
        **table_files("class_errors", "class_summary"),
    params:
        sets=SETS,
    message:
        "Tables class_errors and class_summary"
    script:
        "../workflow_scripts/class_errors.py"


rule select_model:
    input:
        **{
            name: plan.table(name)
            for name in ("protocol_comparison", "class_errors", "class_summary")
        },
        classes=rules.prepare.output.classes,
        weights=lambda wildcards: [
            plan.candidates(0, wildcards.split, "full", batch) / "weights"
            for batch in plan.batches
        ],
        code=code_inputs("select_model"),
    output:
        folder=directory(f"{ROOT}/selected/{{split}}"),
    params:
        choice=lambda wildcards: {
            "study": study.study,
            "split": wildcards.split,
            "generator": study.synthetic_set(wildcards.split),
            "pixels": study.data.pixels(),
        },
    message:
        "Selected model of {wildcards.split}"
    script:
        "../workflow_scripts/select_model.py"


# On request (`snakemake clean_snapshots`), when the models are handed out: a large study's snapshots fill a disk.
rule clean_snapshots:
    input:
        weights=[
            plan.candidates(*batch) / "weights" for batch in plan.trained_batches()
        ],
        predictions=plan.evaluations("predictions.parquet"),
        models=expand(rules.select_model.output.folder, split=plan.splits),
        code=code_inputs("clean_snapshots"),
    output:
        removed=plan.table("removed_snapshots"),
    params:
        batches=plan.trained_batches(),
        version=STAGE_VERSIONS["train_candidates"],
    message:
        "Removing the weights of snapshots that no selection chose"
    script:
        "../workflow_scripts/clean_snapshots.py"


rule summary:
    input:
        comparison=plan.table("protocol_comparison"),
        differences=[plan.table("protocol_differences")] if plan.has_test_images else [],
        ranks=plan.table("rank_preservation"),
        models=expand(rules.select_model.output.folder, split=plan.splits),
        code=code_inputs("summary"),
    output:
        summary=f"{ROOT}/summary.txt",
    params:
        generators=SYNTHETIC_SETS,
    message:
        "Summary"
    script:
        "../workflow_scripts/summary.py"
