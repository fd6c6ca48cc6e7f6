# Candidates: batches of runs, trained on the train file (full) or on subtrain; weights of every snapshot are kept.
BATCH = plan.candidates("{draw}", "{split}", "{regime}", "{batch}").as_posix()
BATCH_KEYS = "draw{draw}/{split}/{regime}/{batch}"


rule draw_graphs:
    output:
        graphs=f"{ROOT}/candidates/graphs.parquet",
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
    priority: 5
    params:
        **stage("train_candidates"),
        batch=lambda wildcards: plan.batch_parameters(wildcards.batch),
        checkpoints=f"{ROOT}/checkpoints/candidates/{BATCH_KEYS}",
    message:
        "Training {wildcards.batch} ({wildcards.regime}) on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_candidates.py"
