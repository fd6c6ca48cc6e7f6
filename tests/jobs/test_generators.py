"""Selecting and measuring with either feature extractor: each figure bears the name of the one that gave it."""

import shutil

import numpy as np
import pytest
import torch

from tests.generators.small import made_up_images, small_settings
from understudy.classifiers import extractor
from understudy.data.shards import read_images, write_images
from understudy.errors import StudyError
from understudy.generators.training import train_generator, training_snapshots
from understudy.jobs.generators import load_features, measure_generator, sample_study_set, select_study_snapshot
from understudy.metrics.frechet import frechet_distance
from understudy.tables import read_table

CPU = torch.device("cpu")
PLACE = {"name": "g", "draw": 0, "split": "S", "study_seed": 3, "device": "cpu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with images, snapshots of a generator, and weights of both extractors."""
    path = tmp_path_factory.mktemp("generator")
    images, labels = made_up_images()
    write_images(path / "train.parquet", images, labels)
    write_images(path / "test.parquet", 255 - images, labels)
    train_generator(images, labels, 3, small_settings("stylegan2"), 1, path, path / "checkpoints", CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extractor, "RECIPE", extractor.RECIPE.updated({"steps": 5}))
        extractor.train_extractor(images, labels, 3, 0, path / "study.safetensors", CPU)
    torch.save({"weight": torch.zeros(3)}, path / "inception.pth")
    return path


def measured(folder, out, kind: str, weights: str):
    train, chosen = folder / "train.parquet", out / "generator.safetensors"
    select_study_snapshot(folder / "snapshots", train, folder / weights, chosen, out / "scores.parquet", features=kind,
                          version=1, **PLACE)  # fmt: skip
    sample_study_set(chosen, out / "set", images_per_class=8, shard_size=20, **PLACE)
    files = [out / f"{name}.parquet" for name in ("quality", "clusters", "pairs", "feature_clusters")]
    measure_generator(out / "set", train, [folder / "test.parquet"], train, folder / weights, *files, features=kind,
                      version=1, **PLACE)  # fmt: skip
    return read_table(files[0], "generator_quality").set_index("label").loc["all"]


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
    monkeypatch.setattr("understudy.generators.scoring.LEAST_IMAGES", 24)
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


def test_a_training_that_lost_a_snapshot_is_refused(folder, tmp_path):
    whole = sorted((folder / "snapshots").iterdir())
    kept = shutil.copytree(folder / "snapshots", tmp_path / "snapshots")
    assert [path.name for path in training_snapshots(kept)] == [path.name for path in whole]
    (kept / whole[-1].name).unlink()
    with pytest.raises(StudyError, match=f"{whole[-1].name} of the generator's training is missing; delete the folder"):
        training_snapshots(kept)
    for path in kept.iterdir():
        path.unlink()
    with pytest.raises(StudyError, match="every snapshot"):
        training_snapshots(kept)
