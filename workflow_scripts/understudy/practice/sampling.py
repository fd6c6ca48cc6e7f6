"""DDIM sampling with classifier-free and entropy guidance; each image has a seed of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.generators.denoisers import Denoiser
from understudy.generators.sampling import to_bytes
from understudy.practice.comparison_settings import GuidanceSettings, SamplingSettings
from understudy.practice.guidance import Learner, entropy, entropy_gradient, guided_latent, guided_noise


@dataclass(frozen=True)
class Made:
    """Generated images.

    Attributes
    ----------
    images : uint8 [N, C, H, W]
    entropies : float32 [N]
        The learner's prediction entropy in nats at the finished images; NaN without a learner.

    """

    images: np.ndarray
    entropies: np.ndarray


class Sampler:
    """Makes images with a diffusion model.

    The networks always get batches of one width, filled up if need be: on a CPU an image's pixels then depend on its
    label, its seed and the learner alone, bit for bit. On a GPU kernels may round differently with another width.
    """

    def __init__(self, denoiser: Denoiser, sampling: SamplingSettings, guidance: GuidanceSettings):
        self.denoiser, self.sampling, self.guidance = denoiser, sampling, guidance
        self.scheduler = denoiser.scheduler()
        self.scheduler.set_timesteps(sampling.steps)
        self.times = [int(time) for time in self.scheduler.timesteps]
        self.alphas = self.scheduler.alphas_cumprod.to(denoiser.device)
        self.guided_steps = set(guidance.guided_steps(sampling.steps))

    def sample(
        self, labels: Sequence[int] | np.ndarray, seeds: Sequence[int] | np.ndarray, learner: Learner | None = None,
        omega: float = 0.0,
    ) -> Made:  # fmt: skip
        """Make one image per label and seed; with omega > 0, images of which the learner is unsure.

        Parameters
        ----------
        labels : integers [N], 0 to classes - 1
        seeds : integers [N] in [0, 2**63)
        learner : in eval mode; takes float images in pixel units
        omega : strength of the guidance; 0 makes plain images

        Raises
        ------
        StudyError
            If a label is unknown, or a sample is no longer finite.

        """
        labels, seeds = np.asarray(labels, np.int64), np.asarray(seeds, np.int64)
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.denoiser.classes:
            raise StudyError(
                f"sampling: labels {labels.min()} to {labels.max()}; allowed are 0 to {self.denoiser.classes - 1}"
            )
        width = self.sampling.batch
        images = np.empty((len(labels), *self.denoiser.image_shape), np.uint8)
        entropies = np.full(len(labels), np.nan, np.float32)
        for start in range(0, len(labels), width):
            places = np.arange(start, min(start + width, len(labels)))
            filled = np.resize(places, width)
            made = self._batch(torch.from_numpy(labels[filled]), seeds[filled], learner, omega)
            images[places] = made[: len(places)]
            if learner is not None:
                with torch.no_grad():
                    logits = learner(torch.from_numpy(made).to(self.denoiser.device).float())
                entropies[places] = entropy(logits).cpu().numpy()[: len(places)]
        return Made(images, entropies)

    @torch.no_grad()
    def _batch(self, labels: Tensor, seeds: np.ndarray, learner: Learner | None, omega: float) -> np.ndarray:
        labels = labels.to(self.denoiser.device)
        z = self._start(seeds)
        for number, time in enumerate(self.times):
            a = self.alphas[time]
            if omega and learner is not None and number in self.guided_steps:
                # The pass that the gradient needs gives the class-conditional noise as well.
                gradient, conditional = entropy_gradient(
                    z,
                    lambda latent, time=time: self.denoiser.noise(latent, time, labels),
                    self.denoiser.decode,
                    learner,
                    a,
                )
                noise = self._classifier_free(z, time, conditional)
                if self.guidance.form == "gradient":
                    noise = guided_noise(noise, gradient, omega, a)
                else:
                    z = guided_latent(z, gradient, omega)
            else:
                noise = self._classifier_free(z, time, self.denoiser.noise(z, time, labels))
            clipped = self.scheduler.config.clip_sample
            z = self.scheduler.step(noise, time, z, use_clipped_model_output=clipped).prev_sample
        images = self.denoiser.decode(z)
        if not torch.isfinite(images).all():
            raise StudyError(
                f"practice: images made with omega {omega} ({self.guidance.form}) are not finite; lower omega or the "
                "sampling's guidance_scale. What was made before is kept"
            )
        return to_bytes(images)

    def _start(self, seeds: np.ndarray) -> Tensor:
        """Draw z_T [B, C, H, W] on the CPU, so that a seed means the same noise on every device."""
        drawn = [torch.randn(self.denoiser.latent_shape, generator=torch_generator(int(seed))) for seed in seeds]
        return torch.stack(drawn).to(self.denoiser.device) * self.scheduler.init_noise_sigma

    def _classifier_free(self, z: Tensor, time: int, conditional: Tensor) -> Tensor:
        """Equation 5: e = (1 + lambda) e(z, y) - lambda e(z)."""
        scale = self.sampling.guidance_scale
        if not scale:
            return conditional
        return (1 + scale) * conditional - scale * self.denoiser.noise(z, time, None)
