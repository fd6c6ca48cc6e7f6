# Figures of the selection study, made from finished tables and counts.
COUNTS = plan.evaluations("counts.parquet")


rule plot_protocols:
    input:
        counts=COUNTS,
        shares=plan.all_class_shares,
        correlations=plan.table("rank_preservation"),
        comparison=plan.table("protocol_comparison"),
        code=code_inputs("plot_protocols"),
    output:
        figure=figure(
            "protocols", "2 Protocols", "The protocols, split by split", split="all"
        ),
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
        code=code_inputs("plot_protocol_subsets"),
    output:
        figure=figure(
            "protocol_subsets",
            "2 Protocols",
            "Wins among halves of the candidates",
            split="all",
        ),
    params:
        synthetic_sets=SYNTHETIC_SETS,
    message:
        "Figure: the protocols among halves of the candidates"
    script:
        "../workflow_scripts/plot_protocol_subsets.py"


rule plot_rank_preservation:
    input:
        counts=COUNTS,
        shares=plan.all_class_shares,
        table=plan.table("rank_preservation"),
        code=code_inputs("plot_rank_preservation"),
    output:
        figure=figure(
            "rank_preservation",
            "3 Selection",
            "Test error against error on the selection set",
            split="all",
        ),
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
        code=code_inputs("plot_selection_gain"),
    output:
        figure=figure(
            "selection_gain/{split}",
            "3 Selection",
            "Gain by architecture",
            caption="selection_gain",
            split="{split}",
        ),
    params:
        generators=GENERATORS,
    message:
        "Figure: selection gain on {wildcards.split}"
    script:
        "../workflow_scripts/plot_selection_gain.py"
