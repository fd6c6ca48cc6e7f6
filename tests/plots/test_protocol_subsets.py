import pytest

from tests.plots import made_up
from understudy.plots.protocol_subsets import protocol_subsets_figure


def test_a_panel_shows_the_halves_and_the_mean_in_points():
    table = made_up.protocol_subsets()
    figure = protocol_subsets_figure(table, made_up.SYNTHETIC_SETS)
    panel = figure.axes[0]
    assert panel.get_title(loc="left") == "Train300: with stylegan2_cond"
    texts = [text.get_text() for text in panel.texts]
    assert texts.count("wins 71 %, ties 5 %") == 2 and "against standard" in texts
    medians = [line for line in panel.lines if len(set(line.get_xdata())) == 1 and line.get_xdata()[0] == 1.0]
    assert len(medians) == 2
    assert [bar[0].get_xdata()[0] for bar in panel.containers] == pytest.approx([1.1, 1.1])


def test_a_split_whose_set_was_not_compared_says_so():
    sets = made_up.SYNTHETIC_SETS | {"Train900": "wgan_gp_cond"}
    figure = protocol_subsets_figure(made_up.protocol_subsets(), sets)
    assert "nothing to compare with" in [text.get_text() for text in figure.axes[1].texts]
