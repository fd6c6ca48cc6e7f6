import numpy as np
import pytest

from tests.plots import made_up
from understudy.plots import selection_gain
from understudy.plots.selection_gain import METHODS, selection_gain_figure


def test_each_architecture_has_each_method_once_in_points():
    table = made_up.selection_gain()
    figure = selection_gain_figure(table, "Train300", made_up.GENERATORS)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert set(panels) == {"chosen by stylegan2_cond", "chosen by validation"}
    panel = panels["chosen by validation"]
    mine = table[(table["split"] == "Train300") & (table["generator"] == "validation")]
    for method, container in zip(METHODS, panel.containers, strict=True):
        rows = mine[mine["method"] == method]
        drawn = container.lines[0].get_xydata()
        assert len(drawn) == 10
        np.testing.assert_allclose(np.sort(drawn[:, 0]), np.sort(100 * rows["gain"]))
        assert len(set(drawn[:, 1])) == 10


def test_claims_are_hollow_and_the_interval_ends_are_the_table_s():
    table = made_up.selection_gain()
    panel = selection_gain_figure(table, "Train900", made_up.GENERATORS).axes[0]
    claimed = next(line for line in panel.lines if line.get_gid() == "rss claimed")
    assert claimed.get_markerfacecolor() == "none"
    row = table.query("split == 'Train900' and generator == 'stylegan2_cond' and method == 'rss'").iloc[0]
    assert claimed.get_xdata()[0] == pytest.approx(100 * row["apparent_gain"])
    ends = panel.containers[1].lines[2][0].get_segments()[0][:, 0]
    np.testing.assert_allclose(ends, [100 * row["ci_low"], 100 * row["ci_high"]])


def test_without_test_images_only_claims_are_drawn():
    table = made_up.selection_gain()
    table = table.drop(columns=["test_error", "error_ci_low", "error_ci_high", "gain", "ci_low", "ci_high"])
    panel = selection_gain_figure(table, "Train300", made_up.GENERATORS).axes[0]
    assert np.isnan(panel.containers[0].lines[0].get_xdata()).all()
    claimed = next(line for line in panel.lines if line.get_gid() == "es claimed")
    assert np.isfinite(claimed.get_xdata()).all()


def test_a_large_family_is_drawn_by_its_mean(monkeypatch):
    monkeypatch.setattr(selection_gain, "MAX_ARCHITECTURES", 3)
    panel = selection_gain_figure(made_up.selection_gain(), "Train300", made_up.GENERATORS).axes[0]
    labels = [label.get_text() for label in panel.get_yticklabels()]
    assert labels == ["mean of standard", "mean of rwnn", *sorted(made_up.RWNN)]
