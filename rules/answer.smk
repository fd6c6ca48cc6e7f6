# The report's first page, and what a selection study makes in all. Results of one category bear the same labels: the
# report leaves the links out of a row that lacks one.
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


rule write_answer:
    input:
        **{name: plan.table(name) for name in SELECTION_PAGES},
        code=modules(
            *SHARED,
            "plots/recommendation.py",
            "plots/caveats.py",
            "plots/pages.py",
            "plots/protocols.py",
            "plots/rank_preservation.py",
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
