# Figures and pages of practice, from finished tables, and the targets of this part.
PRACTICE_FIGURES = {
    "scaling": "Accuracy against data and cost",
    "sweep": "Oversampling, guidance and cost",
    "training": "One run and its branches",
    "hardness": "How hard added images are",
}
PLOTTED = ["summary", "guidance", "history", "additions", "hardness"]
PAGED = ["summary", "differences", "equal_accuracy", "guidance"]
PAGED += ["omega"] if OMEGA_RUNS else []
REPORTED_TABLES |= {f"practice_{name}": "7 Practice" for name in PAGED}


rule plot_practice:
    input:
        **{name: plan.table(f"practice_{name}") for name in PLOTTED},
        code=code_inputs("plot_practice"),
    output:
        **{
            name: figure(f"practice_{name}", "7 Practice", contents)
            for name, contents in PRACTICE_FIGURES.items()
        },
    params:
        tables=PLOTTED,
    message:
        "Figures of the practice study"
    script:
        "../workflow_scripts/plot_practice.py"


# The variants of the sweep whose images were made at several strengths for the same learner, with the same seeds.
GUIDED = [
    variant
    for variant in PRACTICE.variants.values()
    if variant.at is not None and variant.samples
]


rule plot_guided_images:
    input:
        images=[PRACTICE.run(variant.name, "block0") / "images" for variant in GUIDED],
        classes=rules.prepare.output.classes,
        code=code_inputs("plot_guided_images"),
    output:
        figure=figure(
            "practice_guided_images", "7 Practice", "Images at several strengths"
        ),
    params:
        omegas=[variant.omega for variant in GUIDED],
        runs=[f"{variant.name}-s{COMPARISON.first_seed}" for variant in GUIDED],
    message:
        "Figure: images at several strengths of the guidance"
    script:
        "../workflow_scripts/plot_guided_images.py"


TARGETS["practice"] += [
    *rules.practice_tables.output,
    *rules.plot_practice.output,
    *(rules.plot_guided_images.output if GUIDED else []),
    *(rules.practice_omega.output if OMEGA_RUNS else []),
    *(table_page(f"practice_{name}") for name in PAGED),
]
