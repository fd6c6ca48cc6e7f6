import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from tests.plots import made_up
from understudy.plots import random_graphs, style
from understudy.plots.random_graphs import random_graphs_figure


def test_every_edge_is_drawn_between_its_nodes():
    edges = pd.DataFrame({"graph": "a", "stage": 0, "nodes": 4, "source": [0, 0, 1, 2], "target": [1, 2, 3, 3]})
    panel = random_graphs_figure(edges).axes[0]
    segments, points = panel.collections
    places = points.get_offsets()
    np.testing.assert_allclose(places[0], [0, 1], atol=1e-12)
    np.testing.assert_allclose(
        segments.get_segments(), [[places[a], places[b]] for a, b in edges[["source", "target"]].to_numpy()]
    )
    colours = [to_hex(colour).lower() for colour in points.get_facecolors()]
    assert colours == [colour.lower() for colour in (style.GREEN, style.GREY, style.GREY, style.VERMILION)]


def test_each_architecture_and_stage_has_a_panel(monkeypatch):
    titles = [axes.get_title() for axes in random_graphs_figure(made_up.graphs()).axes if axes.get_title()]
    assert titles == [f"{name}, stage {stage}" for name in made_up.RWNN for stage in (1, 2)]
    monkeypatch.setattr(random_graphs, "MAX_GRAPHS", 5)
    figure = random_graphs_figure(made_up.graphs())
    assert sum(bool(axes.get_title()) for axes in figure.axes) == 5
    assert "the first 5 of 6" in figure.get_suptitle()
