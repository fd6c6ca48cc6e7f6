"""Selecting and measuring with either feature extractor: each figure bears the name of the one that gave it."""

import functools

import numpy as np
import pandas as pd
import pytest
import torch

from tests.generators.small import CPU, made_up_images, small_settings
from understudy.classifiers import extractor
from understudy.data.shards import read_images, write_images
from understudy.errors import StudyError
from understudy.files import write_json
from understudy.generators.training import train_generator
from understudy.jobs.context import JobContext
from understudy.jobs.generators import (
    MeasurementFiles,
    RealFiles,
    load_features,
    measure_generator,
    sample_study_set,
    select_study_snapshot,
    train_study_generator,
)
from understudy.metrics import prd, quality
from understudy.metrics.frechet import frechet_distance
from understudy.seeds import seed_for
from understudy.tables import read_table

DATA = made_up_images()
CONTEXT = JobContext(split="S", seed=3, wildcards={"generator": "g"})


@pytest.fixture(autouse=True)
def few_repeats(monkeypatch):
    """Take two repeats of a total variation in place of ten."""
    for function in (prd.sampled_total_variation, prd.real_against_real):
        monkeypatch.setattr(quality, function.__name__, functools.partial(function, repeats=2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with images, snapshots of a generator, and weights of both extractors."""
    path = tmp_path_factory.mktemp("generator")
    write_images(path / "train.parquet", DATA.images, DATA.labels)
    write_images(path / "test.parquet", 255 - DATA.images, DATA.labels)
    train_generator(DATA, small_settings("stylegan2"), 1, path, CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extractor, "RECIPE", extractor.RECIPE.updated({"steps": 5}))
        extractor.train_extractor(DATA.images, DATA.labels, 3, 0, path / "study.safetensors", CPU)
    torch.save({"weight": torch.zeros(3)}, path / "inception.pth")
    return path


def measured(folder, out, kind: str, weights: str) -> pd.Series:
    train, chosen = folder / "train.parquet", out / "generator.safetensors"
    scores = out / "scores.parquet"
    select_study_snapshot(folder / "snapshots", train, kind, folder / weights, chosen, scores, CONTEXT)
    best = read_table(scores, "snapshot_scores").set_index("selected").loc[True, "snapshot"]
    assert chosen.read_bytes() == (folder / "snapshots" / best).read_bytes()
    sample_study_set(chosen, 8, 20, out / "set", CONTEXT)
    tables = MeasurementFiles(*(out / f"{name}.parquet" for name in ("quality", "clusters", "pairs", "both")))
    real = RealFiles(train, [folder / "test.parquet"], train)
    measure_generator(out / "set", real, kind, folder / weights, tables, CONTEXT)
    pairs = read_table(tables.pairs, "closest_pairs")
    assert pairs["rank"].tolist() == list(range(16)) and pairs["held_out_distance"].notna().all()
    assert read_table(tables.clusters, "total_variation_clusters")["clusters"].tolist() == [5, 10, 20]
    assert set(read_table(tables.feature_clusters, "feature_clusters")["set"]) == {"test", "g"}
    return read_table(tables.quality, "generator_quality").set_index("label").loc["all"]


class BrightnessOfRows:
    """Stands in for the Inception network, which takes a second for a few images."""

    def __init__(self, weights, device):
        assert weights.name == "inception.pth"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return images.mean(axis=(1, 3))


@pytest.mark.parametrize(
    ("kind", "weights", "name"),
    [("study", "study.safetensors", "study"), ("inception", "inception.pth", "inception-2015-12-05")],
)
def test_the_column_names_the_extractor_that_gave_the_figures(folder, tmp_path, monkeypatch, kind, weights, name):
    monkeypatch.setattr("understudy.metrics.inception.InceptionFeatures", BrightnessOfRows)
    monkeypatch.setattr("understudy.generators.scoring.MIN_IMAGES", 24)
    row = measured(folder, tmp_path, kind, weights)
    assert row["feature_extractor"] == name
    extract, loaded = load_features(kind, folder / weights, CPU)
    assert loaded == name
    real, fake = (read_images(path).images for path in (folder / "train.parquet", tmp_path / "set"))
    assert row["fid"] == pytest.approx(frechet_distance(extract(fake), extract(real)), rel=1e-6)
    assert np.isfinite(row[["total_variation", "nearest_train_excess"]].to_numpy(float)).all()


@pytest.mark.parametrize(("kind", "weights"), [("study", "inception.pth"), ("inception", "study.safetensors")])
def test_the_other_extractors_weights_are_refused(folder, kind, weights):
    with pytest.raises(StudyError, match=r"not a feature extractor|doesn't hold the weights"):
        load_features(kind, folder / weights, CPU)


def test_a_study_without_held_out_images_has_tables_without_them(folder, tmp_path):
    real = RealFiles(folder / "train.parquet", [], folder / "train.parquet")
    tables = MeasurementFiles(*(tmp_path / f"{name}.parquet" for name in ("quality", "clusters", "pairs", "both")))
    measure_generator(folder / "test.parquet", real, "study", folder / "study.safetensors", tables, CONTEXT)
    rows = read_table(tables.quality, "generator_quality")
    assert rows["fid"].notna().all() and rows["total_variation"].isna().all()
    assert read_table(tables.pairs, "closest_pairs")["held_out_distance"].isna().all()
    assert read_table(tables.clusters, "total_variation_clusters").empty
    assert read_table(tables.feature_clusters, "feature_clusters").empty


def test_a_job_trains_from_resolved_settings_and_leaves_no_checkpoint(folder, tmp_path):
    settings = small_settings("wgan_gp", kimg=0.016, snapshots=1)
    write_json(tmp_path / "classes.json", {"classes": ["a", "b", "c"]})
    context = JobContext(split="S", seed=3, wildcards={"generator": "g"}, checkpoints=tmp_path / "checkpoints")
    outputs = tmp_path / "snapshots", tmp_path / "history.parquet"
    train_study_generator(
        settings.model_dump(mode="json"), folder / "train.parquet", tmp_path / "classes.json", *outputs, context
    )
    (direct,) = train_generator(DATA, settings, seed_for(3, "generator", 0, "S", "g"), tmp_path / "direct", CPU, "g")
    assert (outputs[0] / direct.name).read_bytes() == direct.read_bytes()
    assert read_table(outputs[1], "generator_history")["images_seen"].max() == 16
    assert not context.checkpoints.exists()
