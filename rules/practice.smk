# Practice against its baselines: a diffusion model, the plain images that all arms of a seed share, the arms' runs, and
# their evaluation, which alone reads test images.
PRACTICE = plan.practice
COMPARISON = PRACTICE.settings
PRACTICE_BLOCK = "{arm}/{block}"
PRACTICE_TABLES = [
    "practice_scaling",
    "practice_costs",
    "practice_summary",
    "practice_equal_accuracy",
    "practice_differences",
    "practice_guidance",
    "practice_history",
    "practice_additions",
    "practice_hardness",
]


rule train_diffusion:
    input:
        subtrain=plan.part("{draw}", COMPARISON.split, "subtrain").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        model=PRACTICE.model("{draw}").as_posix(),
        history=PRACTICE.model("{draw}").with_name("history.parquet").as_posix(),
    log:
        f"{LOGS}/train_diffusion/draw{{draw}}.log",
    benchmark:
        f"{BENCHMARKS}/train_diffusion/draw{{draw}}.tsv"
    priority: 10
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=minutes(1440),
        gpu=GPU,
    params:
        settings=COMPARISON.generator.model_dump(mode="json"),
        checkpoints=f"{ROOT}/checkpoints/practice/diffusion/draw{{draw}}",
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["train_diffusion"],
    message:
        "Training the practice study's diffusion model, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_diffusion.py"


rule sample_plain_images:
    input:
        model=lambda wildcards: (
            PRACTICE.model(PRACTICE.draw_of(wildcards.seed))
            if PRACTICE.trains_generator
            else []
        ),
        classes=rules.prepare.output.classes,
    output:
        shard=directory(PRACTICE.shard("{seed}", "{shard}").as_posix()),
    log:
        f"{LOGS}/sample_plain_images/seed{{seed}}/shard{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/sample_plain_images/seed{{seed}}/shard{{shard}}.tsv"
    wildcard_constraints:
        seed=r"\d+",
        shard=r"\d+",
    priority: 9
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=minutes(1440),
        gpu=GPU,
    params:
        generator=COMPARISON.generator.model_dump(mode="json"),
        sampling=COMPARISON.sampling.model_dump(mode="json"),
        state=files_state(PRACTICE.class_file),
        part=lambda wildcards: PRACTICE.shards[int(wildcards.shard)],
        checkpoints=f"{ROOT}/checkpoints/practice/pool/seed{{seed}}/shard{{shard}}",
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["sample_plain_images"],
    message:
        "Making plain images for seed {wildcards.seed}, shard {wildcards.shard}"
    script:
        "../workflow_scripts/sample_plain_images.py"


rule run_practice:
    input:
        subtrain=lambda wildcards: plan.practice_parts(wildcards.block, "subtrain"),
        validation=lambda wildcards: plan.practice_parts(wildcards.block, "validation"),
        classes=rules.prepare.output.classes,
        models=lambda wildcards: PRACTICE.models(wildcards.arm, wildcards.block),
        pool=lambda wildcards: PRACTICE.pool(wildcards.arm, wildcards.block),
    output:
        weights=directory(PRACTICE.run("{arm}", "{block}") / "weights"),
        images=directory(PRACTICE.run("{arm}", "{block}") / "images"),
        runs=PRACTICE.run("{arm}", "{block}") / "runs.parquet",
        history=PRACTICE.run("{arm}", "{block}") / "history.parquet",
        additions=PRACTICE.run("{arm}", "{block}") / "additions.parquet",
        hardness=PRACTICE.run("{arm}", "{block}") / "hardness.parquet",
    log:
        f"{LOGS}/run_practice/{PRACTICE_BLOCK}.log",
    benchmark:
        f"{BENCHMARKS}/run_practice/{PRACTICE_BLOCK}.tsv"
    wildcard_constraints:
        arm="|".join(map(re.escape, PRACTICE.arms)),
        block="|".join(PRACTICE.blocks),
    priority: 5
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=minutes(2880),
        gpu=GPU,
    params:
        run=lambda wildcards: PRACTICE.parameters(wildcards.arm, wildcards.block),
        checkpoints=f"{ROOT}/checkpoints/practice/runs/{PRACTICE_BLOCK}",
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["run_practice"],
    message:
        "Practice: {wildcards.arm}, {wildcards.block}"
    script:
        "../workflow_scripts/run_practice.py"


rule evaluate_practice:
    input:
        runs=lambda wildcards: [
            PRACTICE.run(arm, wildcards.block) / "runs.parquet"
            for arm in PRACTICE.arms
        ],
        validation=lambda wildcards: plan.practice_parts(wildcards.block, "validation"),
        test=lambda wildcards: (
            plan.practice_parts(wildcards.block, "test")
            if plan.has_test(COMPARISON.split)
            else []
        ),
        classes=rules.prepare.output.classes,
    output:
        evaluation=PRACTICE.evaluation("{block}") / "evaluation.parquet",
        guidance=PRACTICE.evaluation("{block}") / "guidance.parquet",
    log:
        f"{LOGS}/evaluate_practice/{{block}}.log",
    benchmark:
        f"{BENCHMARKS}/evaluate_practice/{{block}}.tsv"
    wildcard_constraints:
        block="|".join(PRACTICE.blocks),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=minutes(1440),
        gpu=GPU,
    params:
        draws=lambda wildcards: PRACTICE.draws_of(wildcards.block),
        corruptions=COMPARISON.shifted.corruptions,
        folders={name: str(path) for name, path in COMPARISON.shifted.folders.items()},
        state=lambda wildcards: [
            files_state(path) for path in COMPARISON.shifted.folders.values()
        ],
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["evaluate_practice"],
    message:
        "Evaluating practice, {wildcards.block}"
    script:
        "../workflow_scripts/evaluate_practice.py"


# Which omega practice is to have, by validation accuracy: no test image is read for it, nor for what it reads.
OMEGA_RUNS = PRACTICE.omega_runs


if OMEGA_RUNS:

    rule practice_omega:
        input:
            runs=[run / "runs.parquet" for run in OMEGA_RUNS],
            history=[run / "history.parquet" for run in OMEGA_RUNS],
            code=modules(
                "practice/omega.py",
                "practice/intervals.py",
                "jobs/practice_tables.py",
                "tables.py",
                "schemas",
            ),
        output:
            table=plan.table("practice_omega"),
            csv=plan.table("practice_omega", "csv"),
        log:
            f"{LOGS}/practice_omega.log",
        benchmark:
            f"{BENCHMARKS}/practice_omega.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=memory(1000),
            runtime=minutes(10),
        message:
            "Table practice_omega"
        script:
            "../workflow_scripts/practice_omega.py"


rule practice_tables:
    input:
        runs=PRACTICE.runs("runs.parquet"),
        evaluations=[
            PRACTICE.evaluation(block) / "evaluation.parquet"
            for block in PRACTICE.blocks
        ],
        code=modules(
            "practice/tables.py",
            "practice/differences.py",
            "practice/intervals.py",
            "jobs/practice_tables.py",
            "tables.py",
            "schemas",
        ),
    output:
        **{name: plan.table(name) for name in PRACTICE_TABLES},
        csv=[plan.table(name, "csv") for name in PRACTICE_TABLES],
    log:
        f"{LOGS}/practice_tables.log",
    benchmark:
        f"{BENCHMARKS}/practice_tables.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        tables=PRACTICE_TABLES,
        draws=COMPARISON.bootstrap_draws,
        seed=study.seed,
    message:
        "Tables of the practice study"
    script:
        "../workflow_scripts/practice_tables.py"
