# Theorem 1 of Deliberate Practice with a simulation beside it; needs no data.
THEORY = study.practice.theory


rule practice_theory:
    input:
        code=code_inputs("practice_theory"),
    output:
        table=plan.table("practice_theory"),
        csv=plan.table("practice_theory", "csv"),
    params:
        **stage("practice_theory"),
        settings=THEORY.canonical(),
    message:
        "Table practice_theory"
    script:
        "../workflow_scripts/practice_theory.py"


rule plot_practice_theory:
    input:
        table=rules.practice_theory.output.table,
        code=code_inputs("plot_practice_theory"),
    output:
        kept_samples=figure(
            "practice_theory_kept_samples",
            "7 Practice",
            "Theory: accuracy against kept samples",
        ),
        oversampling=figure(
            "practice_theory_oversampling",
            "7 Practice",
            "Theory: accuracy against oversampling",
        ),
    params:
        keep_fractions=THEORY.keep_fractions,
        oversampled=THEORY.oversampling.kept_samples,
    message:
        "Figures: theorem 1 with simulations"
    script:
        "../workflow_scripts/plot_practice_theory.py"


TARGETS["practice"] += [
    *rules.practice_theory.output,
    *rules.plot_practice_theory.output,
]
