# Figures and the answer's page for the selection study's report, made from finished tables and counts. Results of one
# category bear the same labels: the report leaves the links out of a row that lacks one.
COUNTS = plan.evaluations("counts.parquet")
SYNTHETIC_SETS = {split: study.synthetic_set(split) for split in plan.splits}
GENERATORS = list(study.generators)
SELECTION_PAGES = {
    name: category
    for name, category in {
        "protocol_comparison": "2 Protocols",
        "protocol_differences": "2 Protocols",
        "protocol_subsets": "2 Protocols",
        "rank_preservation": "3 Selection",
        "selection_gain": "3 Selection",
        "certificate_summary": "3 Selection",
        "generator_quality": "4 Generators",
    }.items()
    if name in ["generator_quality", *plan.selection_tables, "certificate_summary"]
}
REPORTED_TABLES |= SELECTION_PAGES


rule plot_protocols:
    input:
        counts=COUNTS,
        correlations=plan.table("rank_preservation"),
        comparison=plan.table("protocol_comparison"),
        code=modules(
            *SHARED,
            "plots/protocols.py",
            "plots/dots.py",
            "plots/rank_preservation.py",
        ),
    output:
        figure=report(
            f"{FIGURES}/protocols.png",
            caption="captions/protocols.rst",
            category="2 Protocols",
            labels={"contents": "The protocols, split by split", "split": "all"},
        ),
    log:
        f"{LOGS}/plot_protocols.log",
    benchmark:
        f"{BENCHMARKS}/plot_protocols.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        synthetic_sets=SYNTHETIC_SETS,
        generators=GENERATORS,
    message:
        "Figure: protocols"
    script:
        "../workflow_scripts/plot_protocols.py"


rule plot_protocol_subsets:
    input:
        table=plan.table("protocol_subsets"),
        code=modules(*SHARED, "plots/protocol_subsets.py", "plots/protocols.py"),
    output:
        figure=report(
            f"{FIGURES}/protocol_subsets.png",
            caption="captions/protocol_subsets.rst",
            category="2 Protocols",
            labels={"contents": "Wins among halves of the candidates", "split": "all"},
        ),
    log:
        f"{LOGS}/plot_protocol_subsets.log",
    benchmark:
        f"{BENCHMARKS}/plot_protocol_subsets.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        synthetic_sets=SYNTHETIC_SETS,
    message:
        "Figure: the protocols among halves of the candidates"
    script:
        "../workflow_scripts/plot_protocol_subsets.py"


rule plot_rank_preservation:
    input:
        counts=COUNTS,
        table=plan.table("rank_preservation"),
        code=modules(*SHARED, "plots/rank_preservation.py"),
    output:
        figure=report(
            f"{FIGURES}/rank_preservation.png",
            caption="captions/rank_preservation.rst",
            category="3 Selection",
            labels={"contents": "Test error against choosing error", "split": "all"},
        ),
    log:
        f"{LOGS}/plot_rank_preservation.log",
    benchmark:
        f"{BENCHMARKS}/plot_rank_preservation.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figure: rank preservation"
    script:
        "../workflow_scripts/plot_rank_preservation.py"


rule plot_selection_gain:
    input:
        table=plan.table("selection_gain"),
        code=modules(*SHARED, "plots/selection_gain.py"),
    output:
        figure=report(
            f"{FIGURES}/selection_gain/{{split}}.png",
            caption="captions/selection_gain.rst",
            category="3 Selection",
            labels={"contents": "Gain by architecture", "split": "{split}"},
        ),
    log:
        f"{LOGS}/plot_selection_gain/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_selection_gain/{{split}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        generators=GENERATORS,
    message:
        "Figure: selection gain on {wildcards.split}"
    script:
        "../workflow_scripts/plot_selection_gain.py"


rule plot_learning_curves:
    input:
        counts=lambda wildcards: [
            plan.evaluation(wildcards.draw, split, "full", batch, name)
            / "counts.parquet"
            for split in plan.splits
            for name in [
                SYNTHETIC_SETS[split],
                *(["test"] if plan.has_test(split) else []),
            ]
            for batch in plan.batches
        ],
        histories=lambda wildcards: [
            plan.candidates(wildcards.draw, split, "full", batch) / "history.parquet"
            for split in plan.splits
            for batch in plan.batches
        ],
        code=modules(*SHARED, "plots/learning_curves.py", "selection/choices.py"),
    output:
        figure=report(
            f"{FIGURES}/draw{{draw}}/learning_curves.png",
            caption="captions/learning_curves.rst",
            category="5 Candidates",
            labels={"contents": "Errors during training", "draw": "{draw}"},
        ),
    log:
        f"{LOGS}/plot_learning_curves/draw{{draw}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_learning_curves/draw{{draw}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        splits=[split for split in plan.splits for batch in plan.batches],
        synthetic_sets=SYNTHETIC_SETS,
        generators=GENERATORS,
        followed=study.selection.followed_architectures,
    message:
        "Figure: learning curves, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_learning_curves.py"


rule plot_random_graphs:
    input:
        graphs=rules.draw_graphs.output.graphs,
        code=modules(*SHARED, "plots/random_graphs.py"),
    output:
        figure=report(
            f"{FIGURES}/random_graphs.png",
            caption="captions/random_graphs.rst",
            category="5 Candidates",
            labels={
                "contents": "Graphs of the randomly wired networks",
                "draw": "all",
            },
        ),
    log:
        f"{LOGS}/plot_random_graphs.log",
    benchmark:
        f"{BENCHMARKS}/plot_random_graphs.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    message:
        "Figure: graphs of the randomly wired networks"
    script:
        "../workflow_scripts/plot_random_graphs.py"


rule plot_sample_grid:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        shards=lambda wildcards: [
            plan.synthetic(wildcards.draw, wildcards.split, name)
            for name in study.generators_of(wildcards.split)
        ],
        classes=rules.prepare.output.classes,
        code=modules(*SHARED, "plots/samples.py", "plots/images.py"),
    output:
        figure=report(
            f"{FIGURES}/draw{{draw}}/{{split}}/sample_grid.png",
            caption="captions/sample_grid.rst",
            category="4 Generators",
            subcategory="images",
            labels={
                "contents": "Real and synthetic images",
                "split": "{split}",
                "draw": "{draw}",
            },
        ),
    log:
        f"{LOGS}/plot_sample_grid/draw{{draw}}/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_sample_grid/draw{{draw}}/{{split}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        generators=lambda wildcards: study.generators_of(wildcards.split),
    message:
        "Figure: sample grid of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_sample_grid.py"


rule plot_closest_pairs:
    input:
        train=plan.part("{draw}", "{split}", "train").as_posix(),
        shards=lambda wildcards: [
            plan.synthetic(wildcards.draw, wildcards.split, name)
            for name in study.generators_of(wildcards.split)
        ],
        pairs=lambda wildcards: [
            plan.generator(wildcards.draw, wildcards.split, name)
            / "closest_pairs.parquet"
            for name in study.generators_of(wildcards.split)
        ],
        code=modules(*SHARED, "plots/samples.py", "plots/images.py"),
    output:
        figure=report(
            f"{FIGURES}/draw{{draw}}/{{split}}/closest_pairs.png",
            caption="captions/closest_pairs.rst",
            category="4 Generators",
            subcategory="images",
            labels={"contents": "Closest pairs", "split": "{split}", "draw": "{draw}"},
        ),
    log:
        f"{LOGS}/plot_closest_pairs/draw{{draw}}/{{split}}.log",
    benchmark:
        f"{BENCHMARKS}/plot_closest_pairs/draw{{draw}}/{{split}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        generators=lambda wildcards: study.generators_of(wildcards.split),
    message:
        "Figure: closest pairs of {wildcards.split}, draw {wildcards.draw}"
    script:
        "../workflow_scripts/plot_closest_pairs.py"


rule plot_generator_quality:
    input:
        table=plan.table("generator_quality"),
        code=modules(*SHARED, "plots/generator_quality.py"),
    output:
        figure=report(
            f"{FIGURES}/generator_quality.png",
            caption="captions/generator_quality.rst",
            category="4 Generators",
            subcategory="overview",
            labels={"contents": "Quality of the synthetic sets", "split": "all"},
        ),
    log:
        f"{LOGS}/plot_generator_quality.log",
    benchmark:
        f"{BENCHMARKS}/plot_generator_quality.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figure: generator quality"
    script:
        "../workflow_scripts/plot_generator_quality.py"


rule plot_snapshot_scores:
    input:
        scores=plan.generator_files("snapshot_scores.parquet"),
        code=modules(*SHARED, "plots/generator_quality.py"),
    output:
        figure=report(
            f"{FIGURES}/snapshot_scores.png",
            caption="captions/snapshot_scores_figure.rst",
            category="4 Generators",
            subcategory="overview",
            labels={"contents": "Snapshots during training", "split": "all"},
        ),
    log:
        f"{LOGS}/plot_snapshot_scores.log",
    benchmark:
        f"{BENCHMARKS}/plot_snapshot_scores.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        places=[
            (draw, split, name)
            for draw in plan.draws
            for split in plan.splits
            for name in study.generators_of(split)
        ],
        splits=plan.splits,
        generators=GENERATORS,
    message:
        "Figure: snapshots of the generators"
    script:
        "../workflow_scripts/plot_snapshot_scores.py"


rule write_answer:
    input:
        **{name: plan.table(name) for name in SELECTION_PAGES},
        code=modules(
            *SHARED,
            "plots/answer.py",
            "plots/limits.py",
            "plots/pages.py",
            "plots/protocols.py",
            "plots/rank_preservation.py",
            "plots/table_pages.py",
        ),
    output:
        page=report(
            f"{PAGES}/answer.html",
            caption="captions/answer.rst",
            category="1 Answer",
            labels={"contents": "Which model to ship"},
        ),
    log:
        f"{LOGS}/write_answer.log",
    benchmark:
        f"{BENCHMARKS}/write_answer.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        study=study.study,
        tables=list(SELECTION_PAGES),
        synthetic_sets=SYNTHETIC_SETS,
        generators=GENERATORS,
        seeds=study.candidates.seeds,
    message:
        "Page: which model to ship"
    script:
        "../workflow_scripts/write_answer.py"


TARGETS["selection"] = [
    rules.summary.output,
    *map(plan.table, SELECTION_PAGES),
    *map(table_page, SELECTION_PAGES),
    rules.write_answer.output.page,
    rules.plot_protocols.output.figure,
    *([rules.plot_protocol_subsets.output.figure] if plan.has_test_images else []),
    rules.plot_rank_preservation.output.figure,
    *expand(rules.plot_selection_gain.output.figure, split=plan.splits),
    *expand(rules.plot_learning_curves.output.figure, draw=plan.draws),
    *([rules.plot_random_graphs.output.figure] if study.candidates.rwnn else []),
    *expand(rules.plot_sample_grid.output.figure, draw=plan.draws, split=plan.splits),
    *expand(rules.plot_closest_pairs.output.figure, draw=plan.draws, split=plan.splits),
    rules.plot_generator_quality.output.figure,
    rules.plot_snapshot_scores.output.figure,
]
