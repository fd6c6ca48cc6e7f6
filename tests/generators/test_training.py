import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.generators.small import CPU, made_up_images, small_settings
from understudy.checkpoints import Checkpoints
from understudy.errors import StudyError
from understudy.generators.batches import TrainingImages
from understudy.generators.methods import METHODS
from understudy.generators.snapshots import describe_snapshot, training_snapshots
from understudy.generators.stylegan2_step import StyleGAN2Step
from understudy.generators.training import GANTraining, train_generator
from understudy.tables import read_table

pytestmark = pytest.mark.slow(minutes=0.3)  # trainings

DATA = made_up_images()


def train(folder: Path, method: str = "stylegan2", seed: int = 5, data: TrainingImages = DATA, **changes) -> list[Path]:
    return train_generator(data, small_settings(method, **changes), seed, folder, CPU, name="trial")


def assert_same_weights(one: Path, other: Path) -> None:
    weights, others = load_file(one), load_file(other)
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("per_class", [False, True])
def test_training_leaves_snapshots_and_a_history(trained, method, per_class):
    snapshots = trained(method, per_class)
    assert len(snapshots) == 3
    resolved, about = describe_snapshot(snapshots[-1])
    assert resolved == small_settings(method, per_class=per_class, kimg=0.192, snapshots=3)
    assert (about.name, about.resolution, about.channels, about.classes) == ("trial", 8, 1, 3)
    assert about.images_seen == 192
    history = read_table(snapshots[0].parents[1] / "history.parquet", "generator_history")
    assert history["step"].is_monotonic_increasing and history["step"].max() == about.step == resolved.steps
    assert sorted(history["label"].unique()) == ([0, 1, 2] if per_class else [-1])
    assert np.isfinite(history[["generator_loss", "discriminator_loss"]]).all(axis=None)
    assert (history["augmentation_p"] > 0).any() == (method == "stylegan2")
    weights = [load_file(path) for path in snapshots[:2]]
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_training_that_lost_a_snapshot_is_refused(trained, tmp_path):
    whole = trained("stylegan2")
    kept = shutil.copytree(whole[0].parent, tmp_path / "snapshots")
    (kept / ".00000008.elsewhere-7.safetensors").write_bytes(b"half written by a job that was killed")
    assert [path.name for path in training_snapshots(kept)] == [path.name for path in whole]
    (kept / whole[-1].name).unlink()
    with pytest.raises(StudyError, match=f"{whole[-1].name} of the generator's training is missing; delete the folder"):
        training_snapshots(kept)
    for path in kept.iterdir():
        path.unlink()
    with pytest.raises(StudyError, match="every snapshot"):
        training_snapshots(kept)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("per_class", [False, True])
def test_an_interrupted_training_goes_on_exactly(tmp_path, monkeypatch, method, per_class):
    penalty = {"path_length_weight": 2.0} if method == "stylegan2" else {}
    settings = small_settings(method, per_class=per_class, kimg=0.08, **penalty)
    straight = train_generator(DATA, settings, 5, tmp_path / "whole", CPU, name="trial")
    advance = GANTraining.advance

    def dies(self):
        if self.done == 6:
            raise KeyboardInterrupt
        advance(self)

    monkeypatch.setattr(GANTraining, "advance", dies)
    with pytest.raises(KeyboardInterrupt):
        train_generator(DATA, settings, 5, tmp_path / "broken", CPU, name="trial", checkpoint_seconds=0)
    assert Checkpoints(tmp_path / "broken/checkpoints").load()[0] == 6
    monkeypatch.setattr(GANTraining, "advance", advance)
    resumed = train_generator(DATA, settings, 5, tmp_path / "broken", CPU, name="trial")
    for one, other in zip(resumed, straight, strict=True):
        assert_same_weights(one, other)
    history = [read_table(tmp_path / name / "history.parquet", "generator_history") for name in ("whole", "broken")]
    assert history[0].equals(history[1])


@pytest.mark.parametrize("method", list(METHODS))
def test_a_class_gan_does_not_depend_on_the_other_classes(tmp_path, method):
    images, labels = DATA.images, DATA.labels
    # The other classes get other images, and fewer.
    changed = np.where((labels == 1)[:, None, None, None], images, 255 - images)
    kept = (labels == 1) | (np.arange(len(labels)) < 12)
    changes = {"per_class": True, "kimg": 0.032, "snapshots": 1}
    whole = load_file(train(tmp_path / "whole", method, **changes)[-1])
    data = TrainingImages(changed[kept], labels[kept], 3)
    for name, value in load_file(train(tmp_path / "other", method, data=data, **changes)[-1]).items():
        assert torch.equal(value[1], whole[name][1]), name


@pytest.mark.parametrize("method", list(METHODS))
def test_a_stack_trains_as_its_members_would_alone(tmp_path, method):
    # One step, since two orders of summation soon part ways: Adam's first steps follow the signs of gradients alone.
    changes = {"per_class": True, "kimg": 0.001, "snapshots": 1}
    stacked = load_file(train(tmp_path / "stacked", method, **changes)[-1])
    first = DATA.labels == 0
    alone = train(tmp_path / "alone", method, data=TrainingImages(DATA.images[first], DATA.labels[first], 1), **changes)
    close = [
        torch.isclose(value[0], stacked[name][0], atol=1e-5, rtol=1e-4).flatten()
        for name, value in load_file(alone[-1]).items()
    ]
    # A gradient of nearly zero may still change its sign, that of a bias ahead of a normalisation above all.
    assert torch.cat(close).float().mean() > 0.95


def test_the_seed_decides_everything_and_global_random_state_nothing(tmp_path):
    changes = {"kimg": 0.032, "snapshots": 1}
    torch.manual_seed(1)
    (first,) = train(tmp_path / "first", **changes)
    torch.manual_seed(2)
    (again,) = train(tmp_path / "again", **changes)
    assert_same_weights(first, again)
    assert first.read_bytes() == again.read_bytes()
    (other,) = train(tmp_path / "other", seed=6, **changes)
    assert not torch.equal(load_file(other)["constant"], load_file(first)["constant"])


def test_a_loss_that_is_not_finite_names_generator_class_and_step_and_keeps_the_snapshot(tmp_path, monkeypatch):
    plain = StyleGAN2Step.step

    def diverging(self, number, real):
        losses = plain(self, number, real)
        return (losses[0], losses[1] * torch.tensor([1.0, float("nan"), 1.0])) if number == 5 else losses

    monkeypatch.setattr(StyleGAN2Step, "step", diverging)
    with pytest.raises(StudyError, match=r"trial: the loss of class 1 is not finite at step 6 of 8.*00000004"):
        train(tmp_path, per_class=True)
    assert describe_snapshot(tmp_path / "snapshots/00000004.safetensors")[1].step == 4


@pytest.mark.parametrize("method", list(METHODS))
def test_a_diverging_training_is_told_a_key_that_its_method_has(tmp_path, monkeypatch, method):
    step, advised = METHODS[method].step(), METHODS[method].penalty
    plain = step.step
    monkeypatch.setattr(step, "step", lambda *given: tuple(loss * float("nan") for loss in plain(*given)))
    with pytest.raises(StudyError, match=f"is not finite at step 1 .*lower learning_rate or raise {advised}$"):
        train(tmp_path, method)
    assert getattr(small_settings(method, **{advised: 20.0}), advised) == 20


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (made_up_images(size=12), "generator trial: images of 12 pixels a side; 4 times a power of two"),
        (TrainingImages(made_up_images(channels=3).images[:, :2], DATA.labels, 3), "2 channels; 1 .grey. or 3"),
        (TrainingImages(DATA.images.astype(float), DATA.labels, 3), "float64"),
        (TrainingImages(DATA.images[:, :, :4], DATA.labels, 3), "square uint8 images"),
        (TrainingImages(DATA.images, DATA.labels + 1, 3), "label 3 among 3 classes"),
        (made_up_images(count=5), "class 2 has 1 training image.*at least 2"),
    ],
)
def test_images_that_cannot_train_the_generator(tmp_path, data, message):
    with pytest.raises(StudyError, match=message):
        train(tmp_path / "out", per_class=True, data=data)
    assert not (tmp_path / "out").exists()
