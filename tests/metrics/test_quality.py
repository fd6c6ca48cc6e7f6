"""The rows of `generator_quality` tell real images, a copier and a poor generator apart."""

import functools

import numpy as np
import pytest

from understudy.metrics import prd, quality
from understudy.metrics.frechet import frechet_distance
from understudy.metrics.quality import FIGURES, Sample, generator_quality, total_variation_by_clusters

CENTRES = np.random.default_rng(0).normal(size=(3, 8)) * 3


def real(seed: int, images: int, shift: float = 0.0) -> Sample:
    random = np.random.default_rng(seed)
    labels = np.arange(images) % 3
    return Sample(CENTRES[labels] + random.normal(size=(images, 8)) + shift, labels)


HELD_OUT = real(2, 300)


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch):
    """Take three repeats of a total variation in place of ten."""
    for function in (prd.sampled_total_variation, prd.real_against_real):
        monkeypatch.setattr(quality, function.__name__, functools.partial(function, repeats=3))


def rows(synthetic: Sample, held_out: Sample | None = HELD_OUT):
    return generator_quality(synthetic, real(1, 600), held_out, seed=3, equal_n=150).set_index("label")


def test_rows_and_order():
    table = rows(real(4, 300))
    assert table.index.tolist() == ["all", "0", "1", "2"]
    assert table["images"].tolist() == [300, 100, 100, 100]
    assert set(FIGURES) <= set(table.columns)
    assert table.loc["all", "fid"] == pytest.approx(frechet_distance(real(4, 300).features, real(1, 600).features))
    assert table[list(FIGURES)].notna().all(axis=None)


def test_real_images_look_real_and_a_shifted_generator_does_not():
    good, poor = rows(real(4, 300)).loc["all"], rows(real(4, 300, shift=2.0)).loc["all"]
    assert good["total_variation"] == pytest.approx(good["total_variation_null"], abs=0.05)
    assert poor["total_variation"] > good["total_variation"] + 0.3
    assert poor["fid"] > 20 * good["fid"]
    assert abs(good["nearest_train_excess"]) < 0.1


def test_a_copier_is_nearer_to_train_than_to_held_out_images():
    train = real(1, 600)
    copies = Sample(train.features + 1e-3, train.labels)
    table = rows(copies, held_out=real(2, 600)).loc["all"]
    assert table["nearest_train_excess"] == 0.5
    assert table["total_variation_train"] < table["total_variation"]
    assert abs(table["nearest_train_excess_null"]) < 0.1


def test_figures_that_need_held_out_images_are_absent_without_them():
    table = rows(real(4, 300), held_out=None)
    assert table[["fid", "fid_equal_n"]].notna().all(axis=None)
    assert table[list(FIGURES[2:])].isna().all(axis=None)


def test_a_class_without_synthetic_images_is_a_row_of_nan():
    some = real(4, 300)
    kept = some.labels != 1
    table = rows(Sample(some.features[kept], some.labels[kept]))
    assert table.loc["1", "images"] == 0
    assert table.loc["1", list(FIGURES)].isna().all()


def test_sensitivity_to_clusters_grows_with_their_number(monkeypatch):
    monkeypatch.setattr(quality, "NUMBERS_OF_CLUSTERS", (5, 50, 500))
    samples = [real(seed, 400).features for seed in (4, 5, 6)]
    table = total_variation_by_clusters(*samples, seed=0)
    assert table["clusters"].tolist() == [5, 50] and table["images"].tolist() == [400, 400]
    assert table["total_variation"].is_monotonic_increasing
    assert table["total_variation_null"].is_monotonic_increasing
    assert table.equals(total_variation_by_clusters(*samples, seed=0))
    few = (real(seed, 4).features for seed in (4, 5, 6))
    assert total_variation_by_clusters(*few, seed=0).columns.tolist() == table.columns.tolist()
