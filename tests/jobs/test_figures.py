"""What the figures' jobs read, and that they write."""

import numpy as np
import pandas as pd
import pytest

from tests.plots import made_up
from tests.ranking.made_up import predictions
from understudy.data.shards import write_images
from understudy.files import write_json
from understudy.jobs import figures
from understudy.ranking.weights import image_weights
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
    found = figures.read_at(shards, [30, 0, 30, 24, 25])
    assert found.shape == (5, 1, 4, 4)
    assert found[:, 0, 0, 0].tolist() == [30, 0, 30, 24, 25]


def test_the_first_images_of_each_class_are_shown(shards):
    parts = figures.first_of_classes(shards, [1, 3], 3)
    assert [part[:, 0, 0, 0].tolist() for part in parts] == [[1, 5, 9], [3, 7, 11]]
    assert len(figures.first_of_classes(shards, [0], 99)[0]) == 10


def test_errors_are_summed_over_classes_and_halves(tmp_path):
    counts = made_up.counts()
    counts = counts[(counts["split"] == "Train300") & (counts["architecture"] == "resnet_8")]
    for name, part in counts.groupby("set"):
        write_table("counts", part, tmp_path / f"{name}.parquet")
    found = figures.read_errors(sorted(tmp_path.glob("*.parquet")))
    keys = ["regime", "run", "set", "epoch"]
    expected = counts.groupby(keys)["errors"].sum() / counts.groupby(keys)["images"].sum()
    pd.testing.assert_series_equal(found.set_index(keys)["error"].sort_index(), expected, check_names=False)


def test_figures_of_images_are_written_from_files(shards, tmp_path):
    write_json(tmp_path / "classes.json", {"classes": ["a", "b", "c", "d"]})
    columns = {"draw": 0, "split": "Train300", "generator": "wgan", "rank": [0, 1], "synthetic_index": [30, 2]}
    columns |= {"train_index": [1, 39], "distance": [0.1, 0.2], "held_out_distance": [0.3, np.nan]}
    write_table("closest_pairs", pd.DataFrame(columns), tmp_path / "pairs.parquet")
    outputs = {name: tmp_path / f"{name}.png" for name in ("sample_grid", "closest_pairs")}
    pairs = {"wgan": tmp_path / "pairs.parquet"}
    figures.plot_generator_images("Train300", shards, {"wgan": shards}, pairs, tmp_path / "classes.json", outputs)
    for path in outputs.values():
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_gallery_shows_the_images_that_the_weights_name(tmp_path, monkeypatch):
    synthetic = predictions(0)
    weights = image_weights(synthetic, predictions(1), ["m0", "m3", "m8"], penalty=1.0)
    write_table("image_weights", weights.assign(draw=0, split="", set="gan"), tmp_path / "weights.parquet")
    images = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8)
    write_images(tmp_path / "gan" / "0.parquet", images, synthetic.labels)
    drawn = []
    monkeypatch.setattr(figures, "gallery_figure", lambda title, rows: drawn.extend(rows))
    monkeypatch.setattr(figures, "save", lambda figure, output: None)
    files = tmp_path / "weights.parquet", {"gan": tmp_path / "gan"}
    figures.plot_gallery("study", *files, list("abc"), [0, 2, 3], tmp_path / "g.png")
    assert [(row.set_name, row.class_name) for row in drawn] == [("gan", "a"), ("gan", "c")]
    for row in drawn:
        for kind, indices in row.chosen.items():
            np.testing.assert_array_equal(row.images.get(kind, images[:0]), images[indices])
