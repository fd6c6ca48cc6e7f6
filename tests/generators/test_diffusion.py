import numpy as np
import pytest
import torch

from tests.practice.small import CLASSES, CPU, DIFFUSION, real_images
from understudy.checkpoints import Checkpoints
from understudy.errors import StudyError
from understudy.generators.batches import TrainingImages
from understudy.generators.diffusion import DiffusionTraining, load_diffusion, noise_schedule, train_diffusion

pytestmark = pytest.mark.slow(minutes=0.3)  # trainings

REAL = real_images()
DATA = TrainingImages(REAL.images, REAL.labels, CLASSES)


def train(folder, settings=DIFFUSION, checkpoint_seconds=1e9, seed=3):
    return train_diffusion(DATA, settings, seed, folder / "model.safetensors", folder / "checkpoints", CPU,
                           checkpoint_seconds)  # fmt: skip


def test_the_forward_process_ends_in_noise():
    a = noise_schedule(DIFFUSION).alphas_cumprod
    assert a[0] > 0.999 and a[-1] < 1e-3 and (a.diff() < 0).all()


def test_a_killed_training_goes_on_exactly(tmp_path, monkeypatch):
    history = train(tmp_path / "whole")
    advance = DiffusionTraining.advance

    def dies(self):
        if self.done == 4:
            raise KeyboardInterrupt
        advance(self)

    monkeypatch.setattr(DiffusionTraining, "advance", dies)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", checkpoint_seconds=0)
    assert Checkpoints(tmp_path / "broken/checkpoints").load()[0] == 4
    monkeypatch.setattr(DiffusionTraining, "advance", advance)
    assert train(tmp_path / "broken", checkpoint_seconds=0) == history
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "broken")]
    assert files[0] == files[1]


def test_the_model_is_read_back_with_its_settings(tmp_path):
    train(tmp_path)
    network, settings, shape = load_diffusion(tmp_path / "model.safetensors")
    assert settings == DIFFUSION and shape == {"channels": 1, "size": 8, "classes": CLASSES}
    z = torch.randn(2, 1, 8, 8)
    assert network(z, 10, torch.tensor([0, CLASSES])).sample.shape == z.shape
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_another_seed_gives_another_model(tmp_path):
    train(tmp_path / "one")
    train(tmp_path / "other", seed=4)
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "other")]
    assert files[0] != files[1]


# 250 steps: as many as it takes to beat the best constant prediction of the noise clearly.
@pytest.mark.slow
def test_the_loss_falls_below_that_of_predicting_no_noise(tmp_path):
    history = train(tmp_path, DIFFUSION.model_copy(update={"steps": 250, "batch": 32}))
    losses = [row["loss"] for row in history]
    # Noise has variance 1: predicting 0 costs 1.
    assert losses[-1] < 0.5 * losses[0] and losses[-1] < 0.6


def test_images_of_a_side_that_cannot_be_halved(tmp_path):
    data = real_images(size=9)
    with pytest.raises(StudyError, match=r"channels: 2 resolutions.*divisible by 2.*9 pixels"):
        train_diffusion(
            TrainingImages(data.images, data.labels, CLASSES), DIFFUSION, 1, tmp_path / "m", tmp_path / "c", CPU
        )


def test_a_loss_that_is_not_finite_names_the_rate(tmp_path, monkeypatch):
    sample = DiffusionTraining._sample
    monkeypatch.setattr(DiffusionTraining, "_sample", lambda self: (*sample(self)[:3], sample(self)[3] * np.inf))
    with pytest.raises(StudyError, match=r"not finite.*learning_rate"):
        train(tmp_path)


def test_a_file_that_is_no_diffusion_model(tmp_path):
    (tmp_path / "m").write_bytes(b"x")
    with pytest.raises(StudyError, match="not a readable safetensors file"):
        load_diffusion(tmp_path / "m")
