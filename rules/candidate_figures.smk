# Figures of the candidates: their errors during training, and the randomly wired networks' graphs.


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
        shares=lambda wildcards: [
            plan.class_shares(wildcards.draw, split) for split in plan.splits
        ],
        histories=lambda wildcards: [
            plan.candidates(wildcards.draw, split, "full", batch) / "history.parquet"
            for split in plan.splits
            for batch in plan.batches
        ],
        code=code_inputs("plot_learning_curves"),
    output:
        figure=figure(
            "draw{draw}/learning_curves",
            "5 Candidates",
            "Errors during training",
            draw="{draw}",
        ),
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
        code=code_inputs("plot_random_graphs"),
    output:
        figure=figure(
            "random_graphs",
            "5 Candidates",
            "Graphs of the randomly wired networks",
            draw="all",
        ),
    message:
        "Figure: graphs of the randomly wired networks"
    script:
        "../workflow_scripts/plot_random_graphs.py"
