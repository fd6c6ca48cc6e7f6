# Candidates: batches of runs, trained on the train file (full) or on subtrain; weights of every snapshot are kept.
BATCH = plan.candidates("{draw}", "{split}", "{regime}", "{batch}").as_posix()
BATCH_PATH = "draw{draw}/{split}/{regime}/{batch}"


rule draw_graphs:
    output:
        graphs=f"{ROOT}/candidates/graphs.parquet",
    log:
        f"{LOGS}/draw_graphs.log",
    benchmark:
        f"{BENCHMARKS}/draw_graphs.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **resources_for("draw_graphs"),
    params:
        **stage("draw_graphs"),
        settings=plan.graph_settings(),
    message:
        "Drawing the graphs of the randomly wired networks"
    script:
        "../workflow_scripts/draw_graphs.py"


rule train_candidates:
    input:
        train=lambda wildcards: plan.training_file(
            wildcards.draw, wildcards.split, wildcards.regime
        ),
        classes=rules.prepare.output.classes,
        graphs=lambda wildcards: (
            rules.draw_graphs.output.graphs
            if plan.batches[wildcards.batch].family == "rwnn"
            else []
        ),
    output:
        weights=directory(f"{BATCH}/weights"),
        history=f"{BATCH}/history.parquet",
    log:
        f"{LOGS}/train_candidates/{BATCH_PATH}.log",
    benchmark:
        f"{BENCHMARKS}/train_candidates/{BATCH_PATH}.tsv"
    priority: 5
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        **resources_for("train_candidates"),
    params:
        **stage("train_candidates"),
        batch=lambda wildcards: plan.batch_parameters(wildcards.batch),
        checkpoints=f"{ROOT}/checkpoints/candidates/{BATCH_PATH}",
    message:
        "Training {wildcards.batch} ({wildcards.regime}) on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_candidates.py"
