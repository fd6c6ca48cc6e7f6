"""Figures and pages of the ranking study."""

import numpy as np
import pandas as pd
import pytest

from tests.ranking.made_up import design, predictions
from understudy.data.shards import write_images
from understudy.plots.calibration_models import calibration_models_figure
from understudy.plots.gallery import plot_gallery
from understudy.plots.model_ranking import model_ranking_figure
from understudy.plots.ranking_pages import RANKING_PAGES
from understudy.ranking.comparison import compare_methods, compare_real_sets
from understudy.ranking.tables import (
    calibration_models_table,
    calibration_penalties_table,
    calibration_table,
    model_ranking,
)
from understudy.ranking.weights import image_weights
from understudy.tables import write_table


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    place = {"draw": 0, "split": ""}
    parts = predictions(0), predictions(1), predictions(2)
    settings = design(calibration_counts=[2, 4])
    rows = pd.concat(
        [
            compare_methods(*parts, settings).assign(set="gan", **place),
            compare_real_sets(*parts[1:], settings).assign(set="calibration", **place),
        ]
    )
    return {
        "calibration": calibration_table(rows, settings),
        "calibration_models": calibration_models_table(rows, settings),
        "calibration_penalties": calibration_penalties_table(rows, settings),
        "model_ranking": model_ranking(*parts, design=settings).assign(set="gan", **place),
    }


@pytest.mark.parametrize("name", RANKING_PAGES)
def test_pages_show_the_figures_of_their_tables(tables, name):
    page = RANKING_PAGES[name](tables[name], "Which images judge.")
    assert "Which images judge." in page
    first = tables[name].iloc[0]
    shown = 100 * first["estimate"] if name == "model_ranking" else first["spearman"]
    assert f"{shown:.2f}".replace("-", "\u2212") in page
    assert "<th>draw</th>" not in page and "<th>split</th>" not in page


def test_points_are_the_models_and_the_title_their_correlation(tables):
    table = tables["model_ranking"]
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


def test_a_line_for_each_method_by_number_of_models(tables):
    table = tables["calibration_models"]
    panel = calibration_models_figure(table, [""], "calibration").axes[0]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["2", "4"]
    shown = {bar.get_label(): np.asarray(bar.lines[0].get_ydata(), float) for bar in panel.containers}
    for label, method in (("no calibration", "none"), ("ridge", "ridge"), ("adaptive", "adaptive")):
        expected = table[(table["method"] == method) & (table["set"] == "gan")]["spearman"]
        np.testing.assert_allclose(shown[label], expected.to_numpy(float))


def test_the_gallery_reads_the_images_that_the_weights_name(tmp_path):
    synthetic = predictions(0)
    weights = image_weights(synthetic, predictions(1), ["m0", "m3", "m8"], design())
    write_table("image_weights", weights.assign(draw=0, split="", set="gan"), tmp_path / "weights.parquet")
    images = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    write_images(tmp_path / "gan" / "0.parquet", images, synthetic.labels)
    plot_gallery(
        "study", tmp_path / "weights.parquet", {"gan": tmp_path / "gan"}, list("abc"), [0, 2], tmp_path / "g.png"
    )
    assert (tmp_path / "g.png").stat().st_size > 10_000
