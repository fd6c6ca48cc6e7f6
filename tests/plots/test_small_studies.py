"""The smallest studies' figures, as narrow as one panel: nothing figure-wide is cut off."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tests.plots import made_up
from tests.ranking.made_up import design, predictions
from understudy.plots import style
from understudy.plots.calibration_models import calibration_models_figure
from understudy.plots.generator_quality import snapshot_scores_figure
from understudy.plots.model_ranking import model_ranking_figure
from understudy.plots.protocol_subsets import protocol_subsets_figure
from understudy.plots.protocols import protocols_figure
from understudy.plots.rank_preservation import rank_preservation_figure
from understudy.plots.samples import samples_figure
from understudy.ranking.comparison import compare_methods, compare_real_sets
from understudy.ranking.tables import calibration_models_table, model_ranking
from understudy.report.ranking import model_ranking_page

SPLIT, GENERATOR = "Train300", "stylegan2_cond"
ARCHITECTURES = ("resnet_8", "resnet_14")


def assert_nothing_is_cut(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for part in (figure._suptitle, *figure.legends):
        extent = part.get_window_extent(canvas.get_renderer())
        assert extent.x0 >= 0 and extent.y0 >= 0, part
        assert extent.x1 <= figure.bbox.x1 and extent.y1 <= figure.bbox.y1, part


def of_the_split(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["split"] == SPLIT].reset_index(drop=True)


def ranking(real: bool) -> pd.DataFrame:
    parts = [predictions(seed) if real or not seed else None for seed in range(3)]
    table = model_ranking(*parts, design=design()).assign(draw=0, split="", set="synthetic")
    return table[table["method"] == "none"]


def protocols_of(errors: pd.DataFrame, ranks: pd.DataFrame | None = None) -> Figure:
    ranks = of_the_split(made_up.rank_preservation()) if ranks is None else ranks
    mine = errors[(errors["split"] == SPLIT) & errors["architecture"].isin(ARCHITECTURES)]
    comparison = of_the_split(made_up.protocol_comparison())
    return protocols_figure(mine, ranks, comparison, {SPLIT: GENERATOR}, [GENERATOR])


def test_protocols_of_one_split(errors):
    figure = protocols_of(errors)
    assert_nothing_is_cut(figure)
    ranks = figure.axes[2]
    for ticks in (ranks.get_xticks(), ranks.get_yticks()):
        np.testing.assert_array_equal(ticks, np.round(ticks))


def test_a_study_without_test_images_is_not_told_to_have_too_few_models(errors):
    ranks = of_the_split(made_up.rank_preservation()).assign(models=2, spearman=np.nan, reason="no test set")
    texts = [text.get_text() for text in protocols_of(errors, ranks).axes[1].texts]
    assert texts[0] == "stylegan2_cond, standard, n = 2: no test set"


def test_protocol_subsets_of_one_split():
    assert_nothing_is_cut(protocol_subsets_figure(of_the_split(made_up.protocol_subsets()), {SPLIT: GENERATOR}))


def test_rank_preservation_of_one_set(errors):
    table = of_the_split(made_up.rank_preservation())
    table = table[table["generator"] == GENERATOR]
    assert_nothing_is_cut(rank_preservation_figure(errors[errors["split"] == SPLIT], table, [SPLIT], [GENERATOR]))


def test_snapshot_scores_of_one_split_have_plain_numbers():
    figure = snapshot_scores_figure(of_the_split(made_up.snapshot_scores()), [SPLIT], [GENERATOR])
    assert_nothing_is_cut(figure)
    axis = figure.axes[0].yaxis
    labels = [label.get_text() for label in axis.get_ticklabels(which="both") if label.get_text()]
    assert len([float(label) for label in labels]) > 2


def test_calibration_models_of_one_set():
    settings = design(counts=(2, 4))
    parts = predictions(0), predictions(1), predictions(2)
    rows = [compare_methods(*parts, settings).assign(set="gan"), compare_real_sets(*parts[1:], settings)]
    rows[1] = rows[1].assign(set="calibration")
    table = calibration_models_table(pd.concat(rows).assign(draw=0, split=""), settings)
    figure = calibration_models_figure(table, [""], "calibration")
    assert_nothing_is_cut(figure)
    assert len(figure.legends[0].get_texts()) == 4


@pytest.mark.parametrize("real", [True, False])
def test_model_ranking_of_one_method(real):
    figure = model_ranking_figure("models", ranking(real))
    assert_nothing_is_cut(figure)
    # Without real errors, there is nothing that a legend could explain.
    assert len(figure.legends) == real


def test_a_page_says_how_many_models_it_shows():
    assert "All 9 models by" in model_ranking_page(ranking(real=True), "").html()
    many = model_ranking(predictions(0, models=21), None, None, design=design()).assign(draw=0, split="", set="gan")
    assert "The 20 best models by" in model_ranking_page(many, "").html()


def test_samples_of_one_set():
    images = [np.zeros((2, 1, 8, 8), np.uint8)]
    assert_nothing_is_cut(samples_figure({"gan": images}, ["a"], 2, "All: the first images of each class, unpicked"))


def test_one_word_or_entry_that_is_too_wide_widens_the_figure():
    figure, axes = style.panels(1, 1, width=2, height=2)
    lines = axes[0, 0].plot([1, 2], label="w" * 40) + axes[0, 0].plot([2, 1], label="b")
    style.legend(figure, lines, 2)
    style.title(figure, f"a {'w' * 50} b")
    assert_nothing_is_cut(figure)
