"""Figures of the practice study."""

import numpy as np
import pandas as pd

from tests.plots import made_up_practice
from understudy.plots.practice import hardness_figure, scaling_figure, training_figure
from understudy.plots.practice_sweep import sweep_figure


def points_of(panel):
    return {bar.get_label(): bar.lines[0].get_xydata().tolist() for bar in panel.containers}


def test_scaling_has_a_curve_for_all_static_sets_and_one_for_each_loop():
    figure = scaling_figure(made_up_practice.practice_summary())
    by_images, _, by_seconds = figure.axes
    assert points_of(by_images) == {
        "static": [[100, 70], [1000, 80]],
        "practice, ω = 2": [[100, 75], [300, 82]],
    }
    assert points_of(by_seconds)["static"] == [[10, 70], [100, 80]]
    real = next(line for line in by_images.lines if line.get_label() == "real images")
    assert set(real.get_ydata()) == {97}
    assert figure.get_suptitle().endswith("over 3 seeds")


def test_the_sweep_begins_at_plain_images():
    by_pruning, by_guidance, by_cost, entropies, agreement = sweep_figure(
        made_up_practice.practice_summary(), made_up_practice.practice_guidance()
    ).axes
    for panel, expected in ((by_pruning, [[1, 70], [4, 72]]), (by_guidance, [[0, 70], [2, 74]])):
        np.testing.assert_allclose(panel.containers[0].lines[0].get_xydata(), expected)
    assert [line.get_xdata().tolist() for line in by_cost.lines] == [[10, 10], [10, 10]]
    np.testing.assert_allclose(entropies.containers[0].lines[0].get_xydata(), [[0, 0.55], [2, 0.95]])
    np.testing.assert_allclose(agreement.lines[0].get_ydata(), [95, 95])
    empty = made_up_practice.practice_summary().query("experiment != 'sweep'")
    panels = sweep_figure(empty, made_up_practice.practice_guidance()).axes
    assert [panel.texts[0].get_text() for panel in panels] == ["no sweep in this study"] * 4


def test_a_branch_is_drawn_with_the_run_that_it_leaves():
    rows = [(branch, iteration, 0.1 * iteration + branch) for branch in (0, 1) for iteration in range(3 * branch, 6)]
    history = pd.DataFrame(rows, columns=["branch", "iteration", "training_loss"]).assign(
        method="practice", experiment="scaling", arm="a", seed=1, validation_accuracy=0.5
    )
    other = history.assign(seed=2, training_loss=9.0)
    additions = pd.DataFrame({"arm": ["a", "a", "b"], "seed": [1, 2, 1], "iteration": [3, 4, 5]})
    losses, accuracies = training_figure(pd.concat([other, history]), additions).axes
    lines = {line.get_label(): line for line in losses.lines}
    np.testing.assert_allclose(lines["1 addition"].get_xydata(), [[i, 0.1 * i + 1] for i in (3, 4, 5)])
    assert lines["no addition"].get_xdata().tolist() == list(range(6))
    assert set(accuracies.lines[0].get_ydata()) == {50}
    assert [line.get_xdata()[0] for line in losses.lines if line.get_linestyle() == "--"] == [3]


def test_the_learner_that_asked_for_images_is_circled():
    rows = [(addition, seen, 0.1 * addition + seen) for addition in (1, 2) for seen in (0, 1, 2)]
    hardness = pd.DataFrame(rows, columns=["addition", "additions", "entropy"]).assign(
        method="practice", seed=0, error=0.25, error_of_those=0.5
    )
    additions = pd.DataFrame({"experiment": "scaling", "method": "practice", "addition": [2, 1], "entropy": [0.2, 0.4]})
    entropies, errors, errors_of_those, asked = hardness_figure(hardness, additions).axes
    curve, ring, *_ = entropies.lines
    np.testing.assert_allclose(curve.get_xydata(), [[0, 0.1], [1, 1.1], [2, 2.1]])
    assert ring.get_xydata().tolist() == [[0, 0.1]] and ring.get_markerfacecolor() == "none"
    assert set(errors.lines[0].get_ydata()) == {25} and set(errors_of_those.lines[0].get_ydata()) == {50}
    assert asked.lines[0].get_xydata().tolist() == [[1, 0.4], [2, 0.2]]
