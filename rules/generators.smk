# Generators: train on the train file alone, score snapshots, select the best one, sample a synthetic set, evaluate it.
GENERATORS = list(study.generators)
# What trains them, presets filled in.
TRAININGS = {
    name: entry.resolve().canonical() for name, entry in study.generators.items()
}
# The set of each split that the synthetic protocol chooses with.
SYNTHETIC_SETS = {split: study.synthetic_set(split) for split in plan.splits}
GENERATOR = plan.generator("{draw}", "{split}", "{generator}").as_posix()
SYNTHETIC = plan.synthetic("{draw}", "{split}", "{generator}").as_posix()
GENERATOR_KEYS = "draw{draw}/{split}/{generator}"


rule train_generator:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        snapshots=directory(f"{GENERATOR}/snapshots"),
        history=f"{GENERATOR}/history.parquet",
    # Long jobs first: a small machine is busy to the end.
    priority: 10
    params:
        **stage("train_generator"),
        settings=lambda wildcards: TRAININGS[wildcards.generator],
        checkpoints=f"{ROOT}/checkpoints/generators/{GENERATOR_KEYS}",
    message:
        "Training generator {wildcards.generator} on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_generator.py"


rule select_snapshot:
    input:
        snapshots=rules.train_generator.output.snapshots,
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        extractor=lambda wildcards: plan.feature_weights(wildcards.draw).as_posix(),
    output:
        generator=f"{GENERATOR}/generator.safetensors",
        scores=f"{GENERATOR}/snapshot_scores.parquet",
    params:
        **stage("select_snapshot"),
        features=study.feature_extractor.kind,
    message:
        "Selecting a snapshot of {wildcards.generator} on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/select_snapshot.py"


rule sample:
    input:
        generator=rules.select_snapshot.output.generator,
    output:
        shards=directory(SYNTHETIC),
    params:
        **stage("sample"),
        images_per_class=study.synthetic.images_per_class,
        shard_size=study.synthetic.shard_size,
    message:
        "Sampling the synthetic set of {wildcards.generator} on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/sample.py"


# An evaluation: it may read held-out images, and nothing is chosen by what it finds.
rule evaluate_generator:
    input:
        shards=rules.sample.output.shards,
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        held_out=lambda wildcards: plan.held_out(wildcards.draw, wildcards.split),
        smallest=plan.part("{draw}", plan.smallest_split(), "train").as_posix(),
        extractor=rules.select_snapshot.input.extractor,
    output:
        quality=f"{GENERATOR}/quality.parquet",
        clusters=f"{GENERATOR}/total_variation_clusters.parquet",
        pairs=f"{GENERATOR}/closest_pairs.parquet",
        feature_clusters=f"{GENERATOR}/feature_clusters.parquet",
    params:
        **stage("evaluate_generator"),
        features=study.feature_extractor.kind,
    message:
        "Measuring the synthetic set of {wildcards.generator} on {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/evaluate_generator.py"


rule generator_quality:
    input:
        quality=plan.generator_files("quality.parquet"),
        code=code_inputs("generator_quality"),
    output:
        table=plan.table("generator_quality"),
        csv=plan.table("generator_quality", "csv"),
    message:
        "Table generator_quality"
    script:
        "../workflow_scripts/generator_quality.py"
