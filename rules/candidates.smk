# Candidates: batches of runs, trained on the train file (full) or on subtrain; weights of every snapshot are kept.
BATCH = plan.candidates("{draw}", "{split}", "{regime}", "{batch}").as_posix()
BATCH_PLACE = "draw{draw}/{split}/{regime}/{batch}"


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
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        settings=plan.graph_settings(),
        seed=study.seed,
        version=STAGE_VERSIONS["draw_graphs"],
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
            if plan.needs_graphs(wildcards.batch)
            else []
        ),
    output:
        weights=directory(f"{BATCH}/weights"),
        history=f"{BATCH}/history.parquet",
    log:
        f"{LOGS}/train_candidates/{BATCH_PLACE}.log",
    benchmark:
        f"{BENCHMARKS}/train_candidates/{BATCH_PLACE}.tsv"
    priority: 5
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000, "train_candidates"),
        runtime=minutes(1440, "train_candidates"),
        gpu=GPU,
    params:
        batch=lambda wildcards: plan.batch_parameters(wildcards.batch),
        checkpoints=f"{ROOT}/checkpoints/candidates/{BATCH_PLACE}",
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["train_candidates"],
    message:
        "Training {wildcards.batch} ({wildcards.regime}) on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_candidates.py"
