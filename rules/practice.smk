# Practice against its baselines: a diffusion model, the plain images that all variants of a seed share, the variants'
# runs, and their evaluation, which alone reads test images.
PRACTICE = plan.practice
COMPARISON = PRACTICE.settings
PRACTICE_BLOCK = "{variant}/{block}"
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


wildcard_constraints:
    variant="|".join(map(re.escape, PRACTICE.variants)),
    block="|".join(PRACTICE.blocks),
    seed=r"\d+",
    shard=r"\d+",


rule train_diffusion:
    input:
        subtrain=plan.part("{draw}", COMPARISON.split, "subtrain").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        model=PRACTICE.model("{draw}").as_posix(),
        history=PRACTICE.model("{draw}").with_name("history.parquet").as_posix(),
    priority: 10
    params:
        **stage("train_diffusion"),
        settings=COMPARISON.generator.canonical(),
        checkpoints=f"{ROOT}/checkpoints/practice/diffusion/draw{{draw}}",
    message:
        "Training the practice study's diffusion model, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_diffusion.py"


rule sample_plain_images:
    input:
        model=lambda wildcards: PRACTICE.pool_model(wildcards.seed),
        classes=rules.prepare.output.classes,
    output:
        shard=directory(PRACTICE.shard("{seed}", "{shard}").as_posix()),
    priority: 9
    params:
        **stage("sample_plain_images"),
        generator=COMPARISON.generator.canonical(),
        sampling=COMPARISON.sampling.canonical(),
        state=files_state(PRACTICE.class_file),
        part=lambda wildcards: PRACTICE.shards[int(wildcards.shard)],
        checkpoints=f"{ROOT}/checkpoints/practice/pool/seed{{seed}}/shard{{shard}}",
    message:
        "Making plain images for seed {wildcards.seed}, shard {wildcards.shard}"
    script:
        "../workflow_scripts/sample_plain_images.py"


rule run_practice:
    input:
        subtrain=lambda wildcards: plan.practice_parts(wildcards.block, "subtrain"),
        validation=lambda wildcards: plan.practice_parts(wildcards.block, "validation"),
        classes=rules.prepare.output.classes,
        models=lambda wildcards: PRACTICE.models(wildcards.variant, wildcards.block),
        pool=lambda wildcards: PRACTICE.pool(wildcards.variant, wildcards.block),
    output:
        weights=directory(PRACTICE.run("{variant}", "{block}") / "weights"),
        images=directory(PRACTICE.run("{variant}", "{block}") / "images"),
        runs=PRACTICE.run("{variant}", "{block}") / "runs.parquet",
        history=PRACTICE.run("{variant}", "{block}") / "history.parquet",
        additions=PRACTICE.run("{variant}", "{block}") / "additions.parquet",
        hardness=PRACTICE.run("{variant}", "{block}") / "hardness.parquet",
    priority: 5
    params:
        **stage("run_practice"),
        run=lambda wildcards: PRACTICE.parameters(wildcards.variant, wildcards.block),
        checkpoints=f"{ROOT}/checkpoints/practice/runs/{PRACTICE_BLOCK}",
    message:
        "Practice: {wildcards.variant}, {wildcards.block}"
    script:
        "../workflow_scripts/run_practice.py"


rule evaluate_practice:
    input:
        runs=lambda wildcards: PRACTICE.runs([wildcards.block]),
        validation=lambda wildcards: plan.practice_parts(wildcards.block, "validation"),
        test=lambda wildcards: plan.practice_parts(wildcards.block, "test"),
        classes=rules.prepare.output.classes,
    output:
        evaluation=PRACTICE.evaluation("{block}"),
        guidance=PRACTICE.evaluation("{block}", "guidance"),
    params:
        **stage("evaluate_practice"),
        draws=lambda wildcards: PRACTICE.block_draws(wildcards.block),
        corruptions=COMPARISON.shifted.corruptions,
        folders={name: str(path) for name, path in COMPARISON.shifted.folders.items()},
        pixels=study.data.pixels(),
        state=lambda wildcards: [
            files_state(path) for path in COMPARISON.shifted.folders.values()
        ],
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
            code=code_inputs("practice_omega"),
        output:
            table=plan.table("practice_omega"),
            csv=plan.table("practice_omega", "csv"),
        message:
            "Table practice_omega"
        script:
            "../workflow_scripts/practice_omega.py"


rule practice_tables:
    input:
        runs=PRACTICE.runs(PRACTICE.blocks),
        evaluations=[PRACTICE.evaluation(block) for block in PRACTICE.blocks],
        code=code_inputs("practice_tables"),
    output:
        **{name: plan.table(name) for name in PRACTICE_TABLES},
        csv=[plan.table(name, "csv") for name in PRACTICE_TABLES],
    params:
        n_resamples=COMPARISON.n_resamples,
        seed=study.seed,
    message:
        "Tables of the practice study"
    script:
        "../workflow_scripts/practice_tables.py"
