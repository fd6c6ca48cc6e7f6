# Pages of the report: the answer, and tables for people; and the list of all that the report shows.
PAGES = f"{ROOT}/pages"
REPORTED_TABLES = {
    "protocol_comparison": "2 Protocols",
    "protocol_subsets": "2 Protocols",
    "rank_preservation": "3 Selection",
    "selection_gain": "3 Selection",
    "certificate_summary": "3 Selection",
    "generator_quality": "4 Generators",
}
TABLE_PAGES = [
    name
    for name in REPORTED_TABLES
    if name in ["generator_quality", *plan.selection_tables, "certificate_summary"]
]


rule write_answer:
    input:
        **{name: plan.table(name) for name in TABLE_PAGES},
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
        tables=TABLE_PAGES,
        synthetic_sets=SYNTHETIC_SETS,
        generators=GENERATORS,
        seeds=study.candidates.seeds,
    message:
        "Page: which model to ship"
    script:
        "../workflow_scripts/write_answer.py"


rule write_table_page:
    input:
        table=lambda wildcards: plan.table(wildcards.table),
        code=modules(*SHARED, "plots/pages.py", "plots/table_pages.py"),
    output:
        page=report(
            f"{PAGES}/{{table}}.html",
            caption="captions/table_page.rst",
            category=lambda wildcards: REPORTED_TABLES[wildcards.table],
            subcategory=lambda wildcards: (
                "overview"
                if REPORTED_TABLES[wildcards.table] == "4 Generators"
                else None
            ),
            labels={"contents": "Table {table}", "split": "all"},
        ),
    log:
        f"{LOGS}/write_table_page/{{table}}.log",
    benchmark:
        f"{BENCHMARKS}/write_table_page/{{table}}.tsv"
    wildcard_constraints:
        table="|".join(TABLE_PAGES),
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
        "Page of table {wildcards.table}"
    script:
        "../workflow_scripts/write_table_page.py"


# Figures and pages; rule all asks for them.
REPORT_TARGETS = [
    rules.write_answer.output.page,
    *expand(rules.write_table_page.output.page, table=TABLE_PAGES),
    rules.plot_protocols.output.figure,
    rules.plot_rank_preservation.output.figure,
    *expand(rules.plot_selection_gain.output.figure, split=plan.splits),
    *expand(rules.plot_learning_curves.output.figure, draw=plan.draws),
    *([rules.plot_random_graphs.output.figure] if study.candidates.rwnn else []),
    *expand(rules.plot_sample_grid.output.figure, draw=plan.draws, split=plan.splits),
    *expand(rules.plot_closest_pairs.output.figure, draw=plan.draws, split=plan.splits),
    rules.plot_generator_quality.output.figure,
    rules.plot_snapshot_scores.output.figure,
]
