import numpy as np
import pytest

from understudy.plots.practice_theory import kept_samples_figure, oversampling_figure
from understudy.practice.settings import TheorySettings
from understudy.practice.theory_table import theory_table

SETTINGS = TheorySettings(
    dimension=32,
    trials=4,
    modes=["keep_hard", "keep_easy"],
    kept_samples=[24, 96],
    keep_fractions=[1, 0.5],
    rhos=[1, 0.8],
    ridges=[0.01],
    oversampling={"kept_samples": 64, "ratios": [1, 4]},
    imperfect_labels=[{"rho": 0.5, "rho_true": 0.7, "rho_labels": 0.8}],
)


@pytest.fixture(scope="module")
def table():
    return theory_table(SETTINGS, study_seed=3)


def panels(figure):
    return {axes.get_title(loc="left"): axes for axes in figure.axes if axes.axison}


def test_kept_samples_has_a_panel_for_each_mode_and_rho_and_a_curve_for_each_fraction(table):
    shown = panels(kept_samples_figure(table, SETTINGS.keep_fractions))
    assert len(shown) == 4
    panel = shown["keep the easiest, ρ = 0.8, λ = 0.01"]
    points = [container.lines[0] for container in panel.containers]
    rows = table.query("mode == 'keep_easy' and rho == 0.8 and keep_fraction == 0.5").set_index("kept_samples")
    np.testing.assert_allclose(points[1].get_ydata(), 100 * (1 - rows["error_simulated"].loc[[24, 96]]))


def test_lines_of_theory_go_through_the_tables_predictions(table):
    panel = panels(oversampling_figure(table, 64))["keep the hardest, ρ = 0.5 (ρ* 0.7, labels 0.8)"]
    line = panel.lines[0]
    rows = table.query("mode == 'keep_hard' and rho_labels == 0.8").sort_values("keep_fraction", ascending=False)
    ends = np.asarray(line.get_ydata())[[0, -1]]
    np.testing.assert_allclose(ends, 100 * (1 - rows["error_theory"]), atol=1e-9)


def test_a_rows_numbers_do_not_depend_on_the_other_rows(table):
    fewer = SETTINGS.model_copy(update={"modes": ["keep_easy"], "rhos": [0.8], "imperfect_labels": []})
    alone = theory_table(fewer, study_seed=3)
    keys = ["mode", "kept_samples", "keep_fraction", "ridge", "rho", "rho_true", "rho_labels"]
    both = alone.merge(table, on=keys, suffixes=("", "_among_others"))
    assert len(both) == len(alone) == 6
    assert (both["error_simulated"] == both["error_simulated_among_others"]).all()
    assert not (theory_table(fewer, study_seed=4)["error_simulated"] == alone["error_simulated"]).any()
