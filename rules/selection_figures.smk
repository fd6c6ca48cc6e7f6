# Figures of the selection study, made from finished tables and counts.
COUNTS = plan.evaluations("counts.parquet")


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
