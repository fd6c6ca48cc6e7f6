import numpy as np
import pandas as pd

from understudy.plots.samples import closest_pairs_figure, mosaic, samples_figure


def test_a_mosaic_has_a_white_gap_and_keeps_colours():
    colour = np.zeros((2, 3, 2, 2), np.uint8)
    colour[1, 0] = 200
    canvas = mosaic([colour, colour[:1]], 2)
    assert canvas.shape == (5, 5, 3)
    assert canvas[0, 3].tolist() == [200, 0, 0]
    assert canvas[2].min() == canvas[:, 2].min() == 255
    assert canvas[4, 4].tolist() == [255, 255, 255]


def test_the_grid_has_a_panel_a_set_and_a_named_row_a_class():
    rows = [np.zeros((8, 1, 4, 4), np.uint8)] * 3
    figure = samples_figure({"real (train)": rows, "wgan": rows}, ["cat", "dog", "frog"], 8, "Train300")
    assert [axes.get_title() for axes in figure.axes] == ["real (train)", "wgan"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["cat", "dog", "frog"]


def test_a_missing_held_out_distance_is_left_out():
    table = pd.DataFrame({"distance": [0.25, 0.5], "held_out_distance": [1.0, np.nan]})
    pictures = np.zeros((2, 1, 4, 4), np.uint8)
    figure = closest_pairs_figure("Train300", {"wgan": table}, {"wgan": (pictures, pictures)})
    assert [axes.get_xlabel() for axes in figure.axes] == ["train 0.25\nheld out 1.00", "train 0.50"]
