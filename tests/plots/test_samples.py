import numpy as np
import pandas as pd
import pytest

from understudy.data.shards import write_images
from understudy.files import write_json
from understudy.plots.images import first_of_classes, mosaic, read_at
from understudy.plots.samples import (
    closest_pairs_figure,
    plot_closest_pairs,
    plot_sample_grid,
    sample_grid_figure,
)
from understudy.tables import write_table


@pytest.fixture
def shards(tmp_path):
    """Forty grey images in two shards; image i is of class i % 4 and holds the value i."""
    images = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 4, 4), np.uint8)
    folder = tmp_path / "set"
    write_images(folder / "shard-00000.parquet", images[:25], np.arange(25) % 4)
    write_images(folder / "shard-00001.parquet", images[25:], np.arange(25, 40) % 4)
    return folder


def test_images_are_read_in_the_order_asked_for_across_shards(shards):
    found = read_at(shards, [30, 0, 30, 24, 25])
    assert found.shape == (5, 1, 4, 4)
    assert found[:, 0, 0, 0].tolist() == [30, 0, 30, 24, 25]


def test_the_first_images_of_each_class_are_shown(shards):
    parts = first_of_classes(shards, [1, 3], 3)
    assert [part[:, 0, 0, 0].tolist() for part in parts] == [[1, 5, 9], [3, 7, 11]]
    assert len(first_of_classes(shards, [0], 99)[0]) == 10


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
    figure = sample_grid_figure("Train300", {"real (train)": rows, "wgan": rows}, ["cat", "dog", "frog"])
    assert [axes.get_title() for axes in figure.axes] == ["real (train)", "wgan"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["cat", "dog", "frog"]


def test_a_missing_held_out_distance_is_left_out():
    table = pd.DataFrame({"distance": [0.25, 0.5], "held_out_distance": [1.0, np.nan]})
    pictures = np.zeros((2, 1, 4, 4), np.uint8)
    figure = closest_pairs_figure("Train300", {"wgan": table}, {"wgan": (pictures, pictures)})
    assert [axes.get_xlabel() for axes in figure.axes] == ["train 0.25\nheld out 1.00", "train 0.50"]


def test_both_figures_are_written_from_files(shards, tmp_path):
    write_json(tmp_path / "classes.json", {"classes": ["a", "b", "c", "d"]})
    columns = {"draw": 0, "split": "Train300", "generator": "wgan", "rank": [0, 1], "synthetic_index": [30, 2]}
    columns |= {"train_index": [1, 39], "distance": [0.1, 0.2], "held_out_distance": [0.3, np.nan]}
    write_table("closest_pairs", pd.DataFrame(columns), tmp_path / "pairs.parquet")
    of_wgan = {"wgan": shards}
    plot_sample_grid("Train300", shards, of_wgan, tmp_path / "classes.json", tmp_path / "grid.png")
    plot_closest_pairs("Train300", shards, of_wgan, {"wgan": tmp_path / "pairs.parquet"}, tmp_path / "pairs.png")
    for name in ("grid", "pairs"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
