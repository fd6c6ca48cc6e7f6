# The pages of tables for people, whatever parts the study has.


rule write_table_page:
    input:
        table=lambda wildcards: plan.table(wildcards.table),
        classes=by_category("4 Generators", plan.classes, []),
        code=code_inputs("write_table_page"),
    output:
        page=report(
            table_page("{table}"),
            caption="captions/table_page.rst",
            category=lambda wildcards: REPORTED_TABLES[wildcards.table],
            subcategory=by_category("4 Generators", "overview", None),
            labels=lambda wildcards: {
                "contents": f"Table {wildcards.table}",
                by_category("6 Ranking", "models", "split")(wildcards): "all",
            },
        ),
    wildcard_constraints:
        table="|".join(REPORTED_TABLES),
    params:
        splits=plan.splits or [""],
        generators=list(study.generators),
        note=by_category(
            "6 Ranking", study.ranking and study.ranking.about_real_images, ""
        ),
    message:
        "Page of table {wildcards.table}"
    script:
        "../workflow_scripts/write_table_page.py"
