import numpy as np
import pandas as pd
import pytest

from tests.plots import made_up
from understudy.plots.generator_quality import generator_quality_figure, snapshot_scores_figure


def test_each_generator_has_a_line_with_its_figures():
    table = made_up.generator_quality()
    distances, variation, copying = generator_quality_figure(table, made_up.SPLITS, made_up.GENERATORS).axes
    labels = [label.get_text() for label in distances.get_yticklabels()]
    assert labels == [f"{split}: {name}" for split in made_up.SPLITS for name in made_up.generator_names(split)]
    drawn = [line.get_xdata()[0] for line in distances.lines if line.get_gid() == "fid"]
    whole = table[table["label"] == "all"]
    np.testing.assert_allclose(drawn, whole["fid"])
    assert variation.containers[0].lines[0].get_xdata()[0] == pytest.approx(20)
    hollow = [line for line in variation.lines if line.get_gid() == "total_variation_null"]
    assert all(line.get_markerfacecolor() == "none" for line in hollow)
    assert [line.get_xdata()[0] for line in hollow] == pytest.approx([14] * 6)
    assert copying.lines[0].get_xdata()[0] == pytest.approx(8)


def test_draws_are_separate_markers_on_one_line():
    table = made_up.generator_quality()
    both = pd.concat([table, table.assign(draw=1)])
    line = generator_quality_figure(both, made_up.SPLITS, made_up.GENERATORS).axes[0].lines[0]
    assert len(line.get_xdata()) == 2
    assert set(line.get_ydata()) == {0}


def test_without_held_out_images_the_panels_say_so():
    columns = ["total_variation", "total_variation_ci_low", "total_variation_ci_high", "total_variation_null"]
    columns += ["nearest_train_excess", "nearest_train_excess_null"]
    table = made_up.generator_quality().assign(**dict.fromkeys(columns, np.nan))
    _, variation, copying = generator_quality_figure(table, made_up.SPLITS, made_up.GENERATORS).axes
    assert "no held-out images" in variation.texts[0].get_text()
    assert "no held-out images" in copying.texts[0].get_text()


def test_snapshots_are_drawn_against_thousands_of_images_and_the_selected_ringed():
    scores = made_up.snapshot_scores()
    panel = snapshot_scores_figure(scores, made_up.SPLITS, made_up.GENERATORS).axes[0]
    curve, ring = panel.lines
    mine = scores[scores["split"] == "Train300"]
    np.testing.assert_allclose(curve.get_xydata(), np.stack([mine["images_seen"] / 1000, mine["fid"]], axis=1))
    assert ring.get_xydata().tolist() == [[64, mine["fid"].min()]]
