"""How hard the images of each addition are to the learners before and after it."""

import math

import numpy as np

from understudy.practice.loop import PracticeRun

HARDNESS_IMAGES = 2_000


def hardness(run: PracticeRun) -> list[dict]:
    """Return how hard each addition is to the learner, before every addition and at the end.

    A row for each learner (by the additions that it had seen) and addition: error and entropy, and the error on
    those images that the learner which asked for them had wrong. Call it after the run's end.
    """
    # Copies: loading another state writes into the learner's own tensors.
    final = {name: value.clone() for name, value in run.learner.state().items()}
    stages = [(number, run.branch_state(number)) for number in run.branches()]
    rows, wrong_at_inclusion = [], {}
    for stage, state in [*stages, (run.progress.additions, final)]:
        run.learner.load_state(state)
        for addition in range(1, run.progress.additions + 1):
            places = np.flatnonzero(run.set.columns["addition"][: run.progress.images] == addition)
            places = places[:HARDNESS_IMAGES]
            predicted, entropies = run.learner.predict(run.set.images[places])
            wrong = predicted != run.set.columns["label"][places]
            if stage == addition - 1:
                wrong_at_inclusion[addition] = wrong
            rows.append({"additions": stage, "addition": addition, "wrong": wrong, "entropy": entropies})
    run.learner.load_state(final)
    return [_row(row, wrong_at_inclusion.get(row["addition"])) for row in rows]


def _row(row: dict, wrong_at_inclusion: np.ndarray | None) -> dict:
    asked = wrong_at_inclusion if wrong_at_inclusion is not None else np.zeros(len(row["wrong"]), bool)
    return {
        "additions": row["additions"],
        "addition": row["addition"],
        "images": len(row["wrong"]),
        "error": float(row["wrong"].mean()),
        "entropy": float(row["entropy"].mean()),
        "wrong_at_inclusion": int(asked.sum()),
        "error_of_those": float(row["wrong"][asked].mean()) if asked.any() else math.nan,
    }
