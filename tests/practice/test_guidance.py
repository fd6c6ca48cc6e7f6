from pathlib import Path

import numpy as np
import pytest
import torch

from tests.practice.small import CLASSES, CPU, LEARNER, SAMPLING, real_images, trained_denoiser
from understudy.classifiers.layers import Shape
from understudy.config import read_study
from understudy.errors import StudyError
from understudy.practice import sampling
from understudy.practice.comparison_settings import GuidanceSettings, SamplingSettings
from understudy.practice.guidance import (
    entropy,
    entropy_gradient,
    guided_latent,
    guided_noise,
    predicted_clean,
    to_pixels,
)
from understudy.practice.learner import LearnerTraining
from understudy.practice.sampling import Sampler

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory):
    return trained_denoiser(tmp_path_factory.mktemp("diffusion"))


@pytest.fixture(scope="module")
def learner():
    training = LearnerTraining(LEARNER, Shape(1, 8, CLASSES), (torch.tensor([80.0]), torch.tensor([60.0])), 5, CPU)
    return training.guide


@pytest.fixture(scope="module")
def sure():
    """Return a learner that has learnt its images, and so is sure of noise."""
    data = real_images()
    settings = LEARNER.model_copy(update={"mixup": 0.0, "cutmix": 0.0, "crop": 0, "ema_decay": 0.5})
    training = LearnerTraining(settings, Shape(1, 8, CLASSES), (torch.tensor([80.0]), torch.tensor([60.0])), 5, CPU)
    for step in range(30):
        training.step(torch.from_numpy(data.images), torch.from_numpy(data.labels), 3e-3, step)
    return training.guide


def test_entropy_of_even_and_of_certain_predictions():
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [50.0, 0.0, 0.0, 0.0], [np.log(3.0), 0.0, -60.0, -60.0]])
    two = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert torch.allclose(entropy(logits), torch.tensor([np.log(4.0), 0.0, two], dtype=torch.float32), atol=1e-5)


def linear_case():
    """Return a latent, noise level, linear noise predictor and learner whose gradient is known in closed form."""
    chance = torch.Generator().manual_seed(2)
    z = torch.randn(5, 1, 2, 2, generator=chance, dtype=torch.float64)
    matrix, weights = (torch.randn(4, 4, generator=chance, dtype=torch.float64) for _ in range(2))
    a = torch.tensor(0.6, dtype=torch.float64)

    def predict_noise(latent):
        return (latent.flatten(1) @ matrix.T).view_as(latent)

    def learner(pixels):
        return (pixels.flatten(1) / 127.5 - 1) @ weights.T

    return z, a, matrix, weights, predict_noise, learner


def test_the_gradient_is_that_computed_by_hand():
    z, a, matrix, weights, predict_noise, learner = linear_case()
    gradient, noise = entropy_gradient(z, predict_noise, lambda clean: clean, learner, a)
    # x0 = J z with J = (I - sqrt(1 - a) M) / sqrt(a), logits = W x0, dH/dlogits_k = -p_k (log p_k + H).
    jacobian = (torch.eye(4, dtype=torch.float64) - (1 - a).sqrt() * matrix) / a.sqrt()
    logits = z.flatten(1) @ jacobian.T @ weights.T
    p = logits.softmax(1)
    h = -(p * p.log()).sum(1, keepdim=True)
    by_hand = (-p * (p.log() + h)) @ weights @ jacobian
    assert torch.allclose(gradient.flatten(1), by_hand, atol=1e-5)
    assert torch.equal(noise, predict_noise(z))


@pytest.mark.parametrize("form", ["gradient", "normalised"])
def test_a_small_guided_step_raises_the_entropy_of_the_predicted_clean_image(form):
    z, a, _, _, predict_noise, learner = linear_case()
    gradient, noise = entropy_gradient(z, predict_noise, lambda clean: clean, learner, a)

    def entropy_at(latent, noise):
        return entropy(learner(to_pixels(predicted_clean(latent, noise, a))).double())

    before = entropy_at(z, noise)
    if form == "gradient":
        # Against the sign of equation 7 as printed. The clean image moves along grad H at a fixed latent, up to the
        # Jacobian of the predictor, which is left out here: it is the identity for a predictor that ignores z.
        constant = noise
        gradient, _ = entropy_gradient(z, lambda latent: constant + 0 * latent, lambda clean: clean, learner, a)
        after = entropy_at(z, guided_noise(noise, gradient, 1e-3, a))
    else:
        moved = guided_latent(z, gradient, 1e-3)
        after = entropy_at(moved, predict_noise(moved))
    assert (after > before).all()


def test_the_noise_falls_by_omega_sqrt_of_one_minus_a_times_the_gradient():
    noise, gradient, a = torch.ones(2, 1, 2, 2), torch.full((2, 1, 2, 2), 3.0), torch.tensor(0.64)
    assert torch.allclose(guided_noise(noise, gradient, 0.5, a), torch.full((2, 1, 2, 2), 1 - 0.5 * 0.6 * 3))


def test_a_normalised_step_is_a_share_of_each_latents_own_length():
    z = torch.stack([torch.full((1, 2, 2), 2.0), torch.full((1, 2, 2), 20.0)])
    gradient = torch.zeros(2, 1, 2, 2)
    gradient[:, 0, 0, 0] = torch.tensor([1e-3, 1e5])
    step = guided_latent(z, gradient, 0.05) - z
    assert torch.allclose(step[:, 0, 0, 0], torch.tensor([0.05 * 4.0, 0.05 * 40.0]), rtol=1e-4)
    assert torch.equal(step[:, 0, 1], torch.zeros(2, 2))


@pytest.mark.parametrize(
    ("form", "omegas"), [("normalised", (0.0, 0.05, 0.1, 0.2)), ("gradient", (0.0, 1.0, 3.0, 10.0))]
)
def test_the_mean_entropy_of_generated_images_rises_with_omega(denoiser, sure, form, omegas):
    sampler = Sampler(denoiser, SamplingSettings(steps=8, batch=20), GuidanceSettings(interval=2, form=form))
    labels, seeds = np.arange(40) % CLASSES, np.arange(40)
    means = [sampler.sample(labels, seeds, sure, omega).entropies.mean() for omega in omegas]
    assert (np.diff(means) > 0.01).all()


@pytest.mark.parametrize("form", ["gradient", "normalised"])
def test_a_guided_image_is_independent_of_its_neighbours_and_of_how_many_are_made(denoiser, learner, form):
    sampler = Sampler(denoiser, SAMPLING, GuidanceSettings(interval=2, form=form))
    labels, seeds = np.array([0, 1, 2, 0, 1, 2, 0]), np.arange(7) + 40
    omega = 20.0 if form == "gradient" else 0.2
    together = sampler.sample(labels, seeds, learner, omega)
    assert not np.array_equal(together.images, sampler.sample(labels, seeds).images)
    for order in (np.arange(7)[::-1], np.array([3]), np.array([6, 0])):
        apart = sampler.sample(labels[order], seeds[order], learner, omega)
        assert np.array_equal(apart.images, together.images[order])
        assert np.array_equal(apart.entropies, together.entropies[order])


def test_another_width_changes_no_more_than_rounding(denoiser, learner):
    images = [
        Sampler(denoiser, SAMPLING.model_copy(update={"batch": batch}), GuidanceSettings(interval=2))
        .sample(np.arange(6) % CLASSES, np.arange(6), learner, 0.1).images.astype(int)
        for batch in (2, 6)
    ]  # fmt: skip
    assert np.abs(images[0] - images[1]).max() <= 1


def test_omega_zero_makes_plain_images(denoiser, learner):
    sampler = Sampler(denoiser, SAMPLING, GuidanceSettings())
    plain, unguided = sampler.sample([0, 1], [5, 6]), sampler.sample([0, 1], [5, 6], learner, 0.0)
    assert np.array_equal(plain.images, unguided.images)
    assert np.isnan(plain.entropies).all() and np.isfinite(unguided.entropies).all()


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"interval": 5}, [0, 5, 10, 15, 20, 25]),
        ({"interval": 5, "start": 0.5}, [15, 20, 25]),
        ({"interval": 10, "stop": 0.4}, [0, 10]),
    ],
)
def test_guided_steps(settings, steps):
    assert list(GuidanceSettings(**settings).guided_steps(30)) == steps


@pytest.mark.parametrize("study", ["config.yaml", "studies/digits_full.yaml"])
def test_every_step_that_a_study_guides_moves_the_latents(denoiser, sure, monkeypatch, study):
    chosen = read_study(ROOT / study).practice.comparison
    # The schedule of the tiny model is that of the study's.
    assert denoiser.settings.noise_levels == chosen.generator.noise_levels
    assert chosen.guidance.form == "normalised"
    shares = []

    def measured(z, gradient, omega):
        moved = guided_latent(z, gradient, omega)
        shares.append((torch.linalg.vector_norm(moved - z) / torch.linalg.vector_norm(z)).item())
        return moved

    monkeypatch.setattr(sampling, "guided_latent", measured)
    sampler = Sampler(denoiser, chosen.sampling, chosen.guidance)
    sampler.sample(np.arange(chosen.sampling.batch) % CLASSES, np.arange(chosen.sampling.batch), sure, chosen.omega)
    assert len(shares) == len(sampler.guided_steps) > 0
    assert shares == pytest.approx([chosen.omega] * len(shares), rel=0.1)


def test_a_sample_that_is_not_finite_names_omega(denoiser, learner):
    sampler = Sampler(denoiser, SAMPLING, GuidanceSettings(interval=1))
    with pytest.raises(StudyError, match=r"omega 1e\+38.*not finite"):
        sampler.sample([0, 1], [5, 6], lambda pixels: learner(pixels * 1e30), 1e38)


def test_unknown_labels_are_refused(denoiser):
    with pytest.raises(StudyError, match="0 to 2"):
        Sampler(denoiser, SAMPLING, GuidanceSettings()).sample([3], [1])
