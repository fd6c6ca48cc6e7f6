# The pages of tables for people, whatever parts the study has.
PAGE_CODE = modules(
    *SHARED,
    "plots/pages.py",
    "plots/placed_tables.py",
    "plots/table_pages.py",
    "plots/generator_pages.py",
    "plots/selection_pages.py",
    "plots/protocol_pages.py",
    "plots/ranking_pages.py",
    "plots/practice_pages.py",
)


rule write_table_page:
    input:
        table=lambda wildcards: plan.table(wildcards.table),
        classes=lambda wildcards: (
            plan.classes if REPORTED_TABLES[wildcards.table] == "4 Generators" else []
        ),
        code=PAGE_CODE,
    output:
        page=report(
            table_page("{table}"),
            caption="captions/table_page.rst",
            category=lambda wildcards: REPORTED_TABLES[wildcards.table],
            subcategory=lambda wildcards: (
                "overview"
                if REPORTED_TABLES[wildcards.table] == "4 Generators"
                else None
            ),
            labels=lambda wildcards: {
                "contents": f"Table {wildcards.table}",
                **(
                    {"models": "all"}
                    if REPORTED_TABLES[wildcards.table] == "6 Ranking"
                    else {"split": "all"}
                ),
            },
        ),
    log:
        f"{LOGS}/write_table_page/{{table}}.log",
    benchmark:
        f"{BENCHMARKS}/write_table_page/{{table}}.tsv"
    wildcard_constraints:
        table="|".join(REPORTED_TABLES),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        splits=plan.splits or [""],
        generators=list(study.generators),
        note=lambda wildcards: (
            study.ranking.about_real_images
            if REPORTED_TABLES[wildcards.table] == "6 Ranking"
            else ""
        ),
    message:
        "Page of table {wildcards.table}"
    script:
        "../workflow_scripts/write_table_page.py"
