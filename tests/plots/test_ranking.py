"""Figures of the ranking study."""

import numpy as np
import pandas as pd

from tests.plots import made_up
from tests.ranking.made_up import design, predictions
from understudy.plots import style
from understudy.plots.calibration_models import calibration_models_figure
from understudy.plots.gallery import GalleryRow, gallery_figure
from understudy.plots.model_ranking import model_ranking_figure
from understudy.ranking.tables import model_ranking


def test_points_are_the_models_and_the_title_their_correlation():
    table = made_up.ranking_tables()["model_ranking"]
    figure = model_ranking_figure("study", table)
    assert len(figure.axes) == 3
    ranked, known, _ = figure.axes[0].lines
    mine = table[(table["method"] == "none") & ~table["calibrates"]]
    np.testing.assert_allclose(ranked.get_xdata(), 100 * mine["estimate"])
    np.testing.assert_allclose(ranked.get_ydata(), 100 * mine["real_risk"])
    assert len(known.get_xdata()) == 4
    rho = mine["estimate"].corr(mine["real_risk"], method="spearman")
    assert f"{rho:.3f}, n = 5" in figure.axes[0].get_title(loc="left")


def test_models_without_real_errors_leave_the_panel_with_a_reason():
    rows = model_ranking(predictions(0), None, None, design=design()).assign(draw=0, split="", set="gan")
    figure = model_ranking_figure("study", rows)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no real errors\nto compare with"]


def test_a_line_for_each_method_by_number_of_models():
    table = made_up.ranking_tables()["calibration_models"]
    panel = calibration_models_figure(table, [""], "calibration").axes[0]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["2", "4"]
    shown = {bar.get_label(): np.asarray(bar.lines[0].get_ydata(), float) for bar in panel.containers}
    for method, look in style.CALIBRATION_METHODS.items():
        expected = table[(table["method"] == method) & (table["set"] == "gan")]["spearman"]
        np.testing.assert_allclose(shown[look.label], expected.to_numpy(float))


def test_the_gallery_shows_images_with_their_weights_and_all_weights_of_the_class():
    weights = pd.Series([0.5, -0.25, 0.0, 0.125], index=[3, 5, 7, 9])
    chosen = {"highest": [3, 9], "lowest": [5], "zero": [7]}
    images = {kind: np.zeros((len(indices), 1, 4, 4), np.uint8) for kind, indices in chosen.items()}
    figure = gallery_figure("study", [GalleryRow("gan", "cat", weights, chosen, images)])
    panels = figure.axes
    labels = [panel.get_xlabel() for panel in panels]
    assert labels == ["w = +0.500", "w = +0.125", "w = -0.250", "", "w = 0", "", "weight w"]
    assert panels[0].get_ylabel() == "cat\ngan"
    assert [text.get_text() for panel in (panels[3], panels[5]) for text in panel.texts] == ["none", "none"]
    assert panels[6].texts[0].get_text() == "n = 4\nzero: 1"
    assert sum(bar.get_height() for bar in panels[6].patches) == 4
