# Images from their source, and the splits: each part in a file of its own.


rule prepare:
    output:
        images=f"{ROOT}/data/images.parquet",
        classes=f"{ROOT}/data/classes.json",
        checks=plan.table("data_checks"),
        checks_csv=plan.table("data_checks", "csv"),
        report=report(
            f"{PAGES}/data_report.html",
            caption="captions/data_report.rst",
            category="0 Data",
            labels={
                "contents": "The images, their classes, copies and doubtful labels"
            },
        ),
    params:
        settings=study.data.canonical(),
        source=files_state(*study.data.files),
        version=STAGE_VERSIONS["prepare"],
    message:
        "Reading the images of {params.settings[source]}"
    script:
        "../workflow_scripts/prepare.py"


# Three rules, so that what one setting concerns alone is done again: most of a study reads the training images.
rule draw_train:
    input:
        images=rules.prepare.output.images,
    output:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
    params:
        **stage("draw_train"),
        train=lambda wildcards: study.splits[wildcards.split].train,
    message:
        "Drawing the training images of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/draw_train.py"


rule carve_train:
    input:
        train=rules.draw_train.output.train,
    output:
        subtrain=plan.part("{draw}", "{split}", "subtrain").as_posix(),
        validation=plan.part("{draw}", "{split}", "validation").as_posix(),
    params:
        **stage("carve_train"),
        validation=lambda wildcards: study.splits[wildcards.split].validation,
    message:
        "Carving subtrain and validation out of the training images of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/carve_train.py"


# A split that trains on all images has empty files here, which no rule reads.
rule divide_held_out:
    input:
        images=rules.prepare.output.images,
    output:
        calibration=plan.part("{draw}", "{split}", "calibration").as_posix(),
        test=plan.part("{draw}", "{split}", "test").as_posix(),
    params:
        **stage("divide_held_out"),
        train=lambda wildcards: study.splits[wildcards.split].train,
        calibration_fraction=study.calibration_fraction,
    message:
        "Dividing the held-out images of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/divide_held_out.py"


rule train_extractor:
    input:
        train=plan.part("{draw}", plan.smallest_split(), "train").as_posix(),
        classes=rules.prepare.output.classes,
    output:
        extractor=plan.extractor("{draw}").as_posix(),
    params:
        **stage("train_extractor"),
    message:
        "Training the feature extractor on the training images of the smallest split, draw {wildcards.draw}"
    script:
        "../workflow_scripts/train_extractor.py"
