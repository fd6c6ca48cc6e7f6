"""DDIM sampling with classifier-free and entropy guidance; each image has a seed of its own."""

import numpy as np
import torch
from torch import Tensor

from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.generators.denoisers import Denoiser
from understudy.generators.sampling import to_bytes
from understudy.practice.comparison_settings import GuidanceSettings, SamplingSettings
from understudy.practice.guidance import CRITERIA, FORMS, Learner, criterion_gradient, entropy, to_pixels
from understudy.practice.images import ImageBatch


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
        self, labels: np.ndarray, seeds: np.ndarray, learner: Learner | None = None, omega: float = 0.0
    ) -> ImageBatch:
        """Make one image per label and seed; with omega > 0, images of which the learner is unsure.

        Their entropies are NaN without a learner.

        Parameters
        ----------
        labels : integers [N], 0 to classes - 1
        seeds : integers [N] in [0, 2**63)
        learner : in eval mode; takes float images in pixel units
        omega : strength of the guidance; 0 makes plain images

        Raises
        ------
        StudyError
            If a sample is no longer finite.

        """
        width = self.sampling.batch
        images = np.empty((len(labels), *self.denoiser.image_shape), np.uint8)
        entropies = np.full(len(labels), np.nan, np.float32)
        for start in range(0, len(labels), width):
            rows = np.arange(start, min(start + width, len(labels)))
            filled = np.resize(rows, width)
            made = self._batch(torch.from_numpy(labels[filled]), seeds[filled], learner, omega)
            images[rows] = made[: len(rows)]
            if learner is not None:
                with torch.no_grad():
                    logits = learner(torch.from_numpy(made).to(self.denoiser.device).float())
                entropies[rows] = entropy(logits).cpu().numpy()[: len(rows)]
        return ImageBatch(images, labels, seeds, entropies)

    @torch.no_grad()
    def _batch(self, labels: Tensor, seeds: np.ndarray, learner: Learner | None, omega: float) -> np.ndarray:
        labels = labels.to(self.denoiser.device)
        z = self._start(seeds)
        clipped = self.scheduler.config.clip_sample
        for number, time in enumerate(self.times):
            if omega and learner is not None and number in self.guided_steps:
                z, noise = self._guided(z, time, labels, learner, omega)
            else:
                noise = self._classifier_free(z, time, self.denoiser.noise(z, time, labels))
            z = self.scheduler.step(noise, time, z, use_clipped_model_output=clipped).prev_sample
        images = self.denoiser.decode(z)
        if not torch.isfinite(images).all():
            raise StudyError(
                f"practice: images made with omega {omega} ({self.guidance.form}) are not finite; lower omega or the "
                "sampling's guidance_scale. What was made before is kept"
            )
        return to_bytes(images)

    def _guided(self, z: Tensor, time: int, labels: Tensor, learner: Learner, omega: float) -> tuple[Tensor, Tensor]:
        """Return the latents, and the noise to step back with, both as guided."""
        criterion, a = CRITERIA[self.guidance.criterion], self.alphas[time]
        # The pass that the gradient needs gives the class-conditional noise as well.
        gradient, conditional = criterion_gradient(
            z,
            lambda latent: self.denoiser.noise(latent, time, labels),
            lambda clean: criterion(learner(to_pixels(self.denoiser.decode(clean)))),
            a,
        )
        noise = self._classifier_free(z, time, conditional)
        return FORMS[self.guidance.form](z, noise, gradient, omega, a)

    def _start(self, seeds: np.ndarray) -> Tensor:
        """Sample z_T [B, C, H, W] on the CPU, so that a seed means the same noise on every device."""
        noise = [torch.randn(self.denoiser.latent_shape, generator=torch_generator(int(seed))) for seed in seeds]
        return torch.stack(noise).to(self.denoiser.device) * self.scheduler.init_noise_sigma

    def _classifier_free(self, z: Tensor, time: int, conditional: Tensor) -> Tensor:
        """Equation 5: e = (1 + lambda) e(z, y) - lambda e(z)."""
        scale = self.sampling.guidance_scale
        if not scale:
            return conditional
        return (1 + scale) * conditional - scale * self.denoiser.noise(z, time, None)
