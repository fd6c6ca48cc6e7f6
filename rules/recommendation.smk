# The report's first page, and what a selection study makes in all. Results of one category bear the same labels: the
# report leaves the links out of a row that lacks one.
SELECTION_PAGES = {
    name: "2 Protocols" if name.startswith("protocol_") else "3 Selection"
    for name in [
        *plan.selection_tables,
        "class_summary",
        "class_errors",
        "certificate_summary",
    ]
}
SELECTION_PAGES["generator_quality"] = "4 Generators"
REPORTED_TABLES |= SELECTION_PAGES


rule write_recommendation:
    input:
        **{name: plan.table(name) for name in SELECTION_PAGES},
        code=code_inputs("write_recommendation"),
    output:
        page=report(
            f"{PAGES}/recommendation.html",
            caption="captions/recommendation.rst",
            category="1 Recommendation",
            labels={"contents": "Which model to ship"},
        ),
    params:
        study=study.study,
        tables=list(SELECTION_PAGES),
        synthetic_sets=SYNTHETIC_SETS,
        generators=GENERATORS,
        seeds=study.candidates.seeds,
    message:
        "Page: which model to ship"
    script:
        "../workflow_scripts/write_recommendation.py"


TARGETS["selection"] = [
    rules.summary.output,
    *map(plan.table, SELECTION_PAGES),
    *map(table_page, SELECTION_PAGES),
    rules.write_recommendation.output.page,
    rules.plot_protocols.output.figure,
    *([rules.plot_protocol_subsets.output.figure] if plan.has_test_images else []),
    rules.plot_rank_preservation.output.figure,
    *expand(rules.plot_selection_gain.output.figure, split=plan.splits),
    *expand(rules.plot_learning_curves.output.figure, draw=plan.draws),
    *([rules.plot_random_graphs.output.figure] if study.candidates.rwnn else []),
    *expand(rules.plot_generator_images.output, draw=plan.draws, split=plan.splits),
    *rules.plot_generators.output,
]
