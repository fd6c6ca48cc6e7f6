from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from tests.generators.pipelines import save_tiny_dit, save_tiny_stable_diffusion
from tests.practice.small import LEARNER, LOOP, real_images, sources
from understudy.classifiers.layers import Shape
from understudy.errors import StudyError
from understudy.generators.denoisers import load_pretrained_diffusion
from understudy.generators.diffusion_settings import PretrainedDiffusionSettings
from understudy.practice.comparison_settings import GuidanceSettings, SamplingSettings
from understudy.practice.learner import LearnerTraining
from understudy.practice.results import run_variant
from understudy.practice.sampling import Sampler
from understudy.practice.steps import RunSettings
from understudy.practice.variants import Variant

pytestmark = pytest.mark.slow(minutes=0.3)  # pipelines

CPU = torch.device("cpu")
NAMES = ["cat", "dog", "bird"]


def dit_settings(folder: Path, **changes) -> PretrainedDiffusionSettings:
    return PretrainedDiffusionSettings(**{"kind": "dit", "model": str(folder), "image_size": 16} | changes)


def stable_diffusion_settings(folder: Path, **changes) -> PretrainedDiffusionSettings:
    return PretrainedDiffusionSettings(**{"kind": "stable_diffusion", "model": str(folder), "image_size": 16} | changes)


@pytest.fixture(scope="module")
def dit(tmp_path_factory):
    return save_tiny_dit(tmp_path_factory.mktemp("dit"))


@pytest.fixture(scope="module")
def stable_diffusion(tmp_path_factory):
    pytest.importorskip("transformers", reason="Stable Diffusion's text encoder needs the extra stable-diffusion")
    return save_tiny_stable_diffusion(tmp_path_factory.mktemp("stable_diffusion"))


def runs_the_loop(folder: Path, settings: PretrainedDiffusionSettings) -> None:
    given = sources(folder, load_pretrained_diffusion(settings, NAMES, CPU))
    variant = Variant("practice", "practice", "scaling", 12, 6, 1, omega=0.1)
    learner = LEARNER.model_copy(update={"iterations": 20})
    settings = RunSettings(variant, learner, LOOP, 1)
    result = run_variant(settings, given, "practice", folder / "w", None, folder / "work", CPU)
    assert result["runs"]["images_trained"].tolist() == [18, 12]
    assert (result["additions"]["entropy"] > 0).all()


def guidance_reaches_the_latents(settings: PretrainedDiffusionSettings) -> None:
    """Guide through the autoencoder: the learner is less sure of the images than of plain ones of the same seeds."""
    denoiser = load_pretrained_diffusion(settings, NAMES, CPU)
    learner = LearnerTraining(LEARNER, Shape(3, 16, 3), (torch.full((3,), 80.0), torch.full((3,), 60.0)), 5, CPU)
    data = real_images(30, 3, 16)
    for step in range(10):
        learner.step(data.images, data.labels, 3e-3, step)
    sampler = Sampler(denoiser, SamplingSettings(steps=4, batch=12), GuidanceSettings(interval=2))
    labels, seeds = np.arange(12) % 3, np.arange(12)
    plain, guided = (sampler.sample(labels, seeds, learner.guide, omega).entropies for omega in (0.0, 0.1))
    assert guided.mean() > plain.mean() + 0.05


def test_guidance_passes_through_the_autoencoder_of_dit(dit):
    guidance_reaches_the_latents(dit_settings(dit))


def test_guidance_passes_through_the_autoencoder_of_stable_diffusion(stable_diffusion):
    guidance_reaches_the_latents(stable_diffusion_settings(stable_diffusion))


# Tiny networks, but two pipelines' worth of layers, sampled 66 times with gradients through an autoencoder.
@pytest.mark.slow
def test_the_loop_runs_with_dit(tmp_path, dit):
    runs_the_loop(tmp_path, dit_settings(dit))


@pytest.mark.slow  # as above
def test_the_loop_runs_with_stable_diffusion(tmp_path, stable_diffusion):
    runs_the_loop(tmp_path, stable_diffusion_settings(stable_diffusion, prompt="a photo of a {}"))


def test_dit_predicts_as_its_pipeline_does(dit):
    denoiser = load_pretrained_diffusion(dit_settings(dit), NAMES, CPU)
    transformer = diffusers.DiTPipeline.from_pretrained(str(dit)).transformer.eval()
    z, labels = torch.randn(2, *denoiser.latent_shape), torch.tensor([2, 0])
    times = torch.full((2,), 500)
    with torch.no_grad():
        wanted = transformer(z, timestep=times, class_labels=labels).sample[:, :4]
        none = transformer(z, timestep=times, class_labels=torch.tensor([5, 5])).sample[:, :4]
        assert torch.allclose(denoiser.noise(z, 500, labels), wanted, atol=1e-6)
        assert torch.allclose(denoiser.noise(z, 500, None), none, atol=1e-6)
        assert denoiser.decode(z).shape == (2, 3, 16, 16)


def test_prompts_are_not_made_of_numbers(stable_diffusion, tmp_path):
    settings = stable_diffusion_settings(stable_diffusion, prompt="a photo of {}")
    with pytest.raises(
        StudyError, match=r"prompts would be such as 'a photo of 0'; give their names in `data\.classes`"
    ):
        load_pretrained_diffusion(settings, ["0", "1"], CPU)
    (tmp_path / "names.txt").write_text("zero\none\n")
    assert settings.model_copy(update={"class_names": tmp_path / "names.txt"}).unfit_names(["0", "1"]) is None
    assert settings.unfit_names(["0", "cat"]) is None


def test_a_prompt_of_its_own_for_each_class(stable_diffusion):
    denoiser = load_pretrained_diffusion(
        stable_diffusion_settings(stable_diffusion, prompt="a photo of a {}"), NAMES, CPU
    )
    assert denoiser.classes == 3 and denoiser.embeddings.shape[0] == 4
    z = torch.randn(2, *denoiser.latent_shape)
    with torch.no_grad():
        cats, dogs, none = (denoiser.noise(z, 300, torch.tensor(k) if k else None) for k in ([0, 0], [1, 1], None))
    assert not torch.allclose(cats, dogs) and not torch.allclose(cats, none)


def test_a_velocity_is_turned_into_noise(dit):
    denoiser = load_pretrained_diffusion(dit_settings(dit), NAMES, CPU)
    denoiser.prediction_type = "v_prediction"
    noise, clean = torch.randn(2, 1, 4, 4), torch.randn(2, 1, 4, 4)
    a = denoiser.alphas[700]
    z, velocity = a.sqrt() * clean + (1 - a).sqrt() * noise, a.sqrt() * noise - (1 - a).sqrt() * clean
    assert torch.allclose(denoiser.as_noise(velocity, z, 700), noise, atol=1e-5)


def test_decoded_images_are_resized(dit):
    denoiser = load_pretrained_diffusion(dit_settings(dit, image_size=8), NAMES, CPU)
    assert denoiser.decode(torch.randn(1, *denoiser.latent_shape)).shape == (1, 3, 8, 8) == (1, *denoiser.image_shape)


def test_class_numbers_choose_among_the_models_classes(tmp_path, dit):
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("4\n0\n1\n")
    denoiser = load_pretrained_diffusion(dit_settings(dit, class_numbers=numbers), NAMES, CPU)
    plain = load_pretrained_diffusion(dit_settings(dit), NAMES, CPU)
    z = torch.randn(1, *denoiser.latent_shape)
    with torch.no_grad():
        assert torch.equal(denoiser.noise(z, 9, torch.tensor([1])), plain.noise(z, 9, torch.tensor([0])))


@pytest.mark.parametrize(
    ("names", "numbers", "message"),
    [
        (["a"] * 7, None, r"knows classes 0 to 4.*0 to 6.*class_numbers"),
        (NAMES, "0\n1\n", r"class_numbers: .* has 2 lines.*3 classes"),
        (NAMES, "0\n1\nx\n", "class_numbers.*no number"),
    ],
)
def test_classes_that_the_model_has_not(tmp_path, dit, names, numbers, message):
    path = None
    if numbers:
        path = tmp_path / "numbers.txt"
        path.write_text(numbers)
    with pytest.raises(StudyError, match=message):
        load_pretrained_diffusion(dit_settings(dit, class_numbers=path), names, CPU)


def test_a_folder_that_holds_no_pipeline(tmp_path):
    with pytest.raises(StudyError, match=r"generator.model.*can't be read as dit"):
        load_pretrained_diffusion(dit_settings(tmp_path), NAMES, CPU)
