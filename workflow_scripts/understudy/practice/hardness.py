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
    final = {name: value.clone() for name, value in run.learner.state_dict().items()}
    last = run.state.additions
    added = run.images.columns["addition"][: run.state.images]
    rows, wrong = [], {}
    for stage in range(last + 1):
        run.learner.load_state_dict(final if stage == last else run.aside(stage).load()[1])
        for addition in range(1, last + 1):
            chosen = np.flatnonzero(added == addition)[:HARDNESS_IMAGES]
            predicted, entropies = run.learner.predict(run.images.images[chosen])
            wrong[stage, addition] = predicted != run.images.columns["label"][chosen]
            row = {"additions": stage, "addition": addition, "images": len(chosen)}
            rows.append(row | {"entropy": float(entropies.mean())})
    return [row | _errors(wrong, row["additions"], row["addition"]) for row in rows]


def _errors(wrong: dict[tuple[int, int], np.ndarray], stage: int, addition: int) -> dict:
    """Return the errors of a row: of all images, and of those that were wrong when they were asked for."""
    mine, asked = wrong[stage, addition], wrong[addition - 1, addition]
    return {
        "error": float(mine.mean()),
        "wrong_at_inclusion": int(asked.sum()),
        "error_of_those": float(mine[asked].mean()) if asked.any() else math.nan,
    }
