# Images from their source, and the splits: each part in a file of its own.


rule prepare:
    output:
        images=f"{ROOT}/data/images.parquet",
        classes=f"{ROOT}/data/classes.json",
    log:
        f"{LOGS}/prepare.log",
    benchmark:
        f"{BENCHMARKS}/prepare.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        settings=study.data.model_dump(mode="json"),
        source=source_state(study.data),
        version=STAGE_VERSIONS["prepare"],
    message:
        "Reading the images of {params.settings[source]}"
    script:
        "../workflow_scripts/prepare.py"


# A split that trains on all images has empty files for calibration and test, which no rule reads.
rule split:
    input:
        images=rules.prepare.output.images,
    output:
        **{
            part: plan.part("{draw}", "{split}", part).as_posix()
            for part in [*PARTS, *HELD_OUT]
        },
    log:
        f"{LOGS}/split/draw{{draw}}/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/split/draw{{draw}}/{{split}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        settings=lambda wildcards: study.splits[wildcards.split].model_dump(mode="json"),
        calibration_fraction=study.calibration_fraction,
        seed=study.seed,
        version=STAGE_VERSIONS["split"],
    message:
        "Drawing split {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/split.py"


rule train_extractor:
    input:
        train=plan.part("{draw}", plan.smallest_split(), "train").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        extractor=plan.extractor("{draw}").as_posix(),
    log:
        f"{LOGS}/train_extractor/draw{{draw}}.log",
    benchmark:
        f"{BENCHMARKS}/train_extractor/draw{{draw}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(120),
        gpu=GPU,
    params:
        seed=study.seed,
        device=study.device,
        version=STAGE_VERSIONS["train_extractor"],
    message:
        "Training the feature extractor on the training images of the smallest split, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_extractor.py"
