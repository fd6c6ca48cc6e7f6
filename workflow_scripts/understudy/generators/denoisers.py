"""Diffusion models behind one interface: predict the noise, decode to an image. Guidance knows no more of them.

A trained model works on pixels; Stable Diffusion and DiT work on latents, which a variational autoencoder decodes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import DDIMScheduler
from torch import Tensor
from torch.nn import functional as F

from understudy.errors import StudyError
from understudy.generators.diffusion import load_diffusion, noise_schedule
from understudy.generators.diffusion_settings import PretrainedDiffusionSettings


class Denoiser(ABC):
    """A class-conditional diffusion model.

    Attributes
    ----------
    classes : int
    latent_shape : (C, H, W) of z_t
    image_shape : (C, H, W) of a decoded image
    device : torch.device
    dtype : torch.dtype of the networks; z_t stays in float32

    """

    classes: int
    latent_shape: tuple[int, int, int]
    image_shape: tuple[int, int, int]
    device: torch.device
    dtype: torch.dtype = torch.float32

    @abstractmethod
    def scheduler(self) -> DDIMScheduler:
        """Return a fresh DDIM scheduler (prediction type epsilon) with the model's noise levels."""

    @abstractmethod
    def noise(self, z: Tensor, time: int, labels: Tensor | None) -> Tensor:
        """Return the predicted noise, float32 like ``z`` [B, C, H, W], for ``labels`` int64 [B]; None: for no class."""

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """Return the images [B, *image_shape], about -1 to 1, of clean latents [B, *latent_shape]; differentiable."""


class TrainedDenoiser(Denoiser):
    """The model of pixels that :mod:`understudy.generators.diffusion` trains."""

    def __init__(self, path: str | Path, device: torch.device):
        self.network, self.settings, shape = load_diffusion(path)
        self.network.to(device)
        self.device, self.classes = device, shape["classes"]
        self.latent_shape = self.image_shape = (shape["channels"], shape["size"], shape["size"])

    def scheduler(self) -> DDIMScheduler:
        return noise_schedule(self.settings)

    def noise(self, z: Tensor, time: int, labels: Tensor | None) -> Tensor:
        given = torch.full((len(z),), self.classes, device=z.device) if labels is None else labels
        return self.network(z, torch.full((len(z),), time, device=z.device), given).sample

    def decode(self, z: Tensor) -> Tensor:
        return z


class LatentDenoiser(Denoiser):
    """What Stable Diffusion and DiT share: an autoencoder, a scheduler's noise levels, numbers of half precision."""

    def __init__(self, vae: torch.nn.Module, scheduler: object, side: int, settings: PretrainedDiffusionSettings,
                 device: torch.device):  # fmt: skip
        self.device = device
        self.dtype = torch.float16 if settings.half_precision and device.type == "cuda" else torch.float32
        self.vae = vae.to(device, self.dtype).eval().requires_grad_(False)
        self.latent_shape = (vae.config.latent_channels, side, side)
        self.image_shape = (3, settings.image_size, settings.image_size)
        # The network may predict the velocity instead; what is handed on is always the noise.
        self.prediction_type = scheduler.config.prediction_type
        if self.prediction_type not in ("epsilon", "v_prediction"):
            raise StudyError(
                f"practice.comparison.generator.model: {settings.model} predicts {self.prediction_type!r}; "
                "epsilon and v_prediction are supported"
            )
        self.schedule = dict(scheduler.config) | {"prediction_type": "epsilon", "clip_sample": False}
        self.alphas = self.scheduler().alphas_cumprod

    def scheduler(self) -> DDIMScheduler:
        return DDIMScheduler.from_config(self.schedule)

    def as_noise(self, predicted: Tensor, z: Tensor, time: int) -> Tensor:
        """Turn what the network predicts into noise: v = sqrt(a) e - sqrt(1 - a) x_0 (Salimans and Ho 2022)."""
        if self.prediction_type == "epsilon":
            return predicted
        a = self.alphas[time].to(z.device)
        return a.sqrt() * predicted + (1 - a).sqrt() * z

    def decode(self, z: Tensor) -> Tensor:
        images = self.vae.decode((z / self.vae.config.scaling_factor).to(self.dtype)).sample.float()
        if images.shape[-1] == self.image_shape[-1]:
            return images
        return F.interpolate(images, self.image_shape[1:], mode="bilinear", antialias=True, align_corners=False)


class StableDiffusionDenoiser(LatentDenoiser):
    """Stable Diffusion (Rombach et al. 2022): a text encoder gives each class the embedding of its prompt."""

    def __init__(self, settings: PretrainedDiffusionSettings, names: Sequence[str], device: torch.device):
        if mistake := settings.unfit_names(names):
            raise StudyError(mistake)
        pipeline = _load("StableDiffusionPipeline", settings, safety_checker=None, requires_safety_checker=False)
        super().__init__(pipeline.vae, pipeline.scheduler, pipeline.unet.config.sample_size, settings, device)
        self.unet = pipeline.unet.to(device, self.dtype).eval().requires_grad_(False)
        self.classes = len(names)
        prompts = [settings.prompt.replace("{}", name) for name in _class_lines(settings, names)]
        # The last row is the empty prompt: no class.
        self.embeddings = torch.cat([self._embed(pipeline, text) for text in [*prompts, ""]]).to(device, self.dtype)

    @staticmethod
    @torch.no_grad()
    def _embed(pipeline: object, text: str) -> Tensor:
        length = pipeline.tokenizer.model_max_length
        tokens = pipeline.tokenizer([text], padding="max_length", max_length=length, truncation=True,
                                    return_tensors="pt")  # fmt: skip
        return pipeline.text_encoder(tokens.input_ids)[0].float()

    def noise(self, z: Tensor, time: int, labels: Tensor | None) -> Tensor:
        rows = torch.full((len(z),), self.classes, device=z.device) if labels is None else labels
        predicted = self.unet(z.to(self.dtype), time, encoder_hidden_states=self.embeddings[rows]).sample
        return self.as_noise(predicted.float(), z, time)


class DiTDenoiser(LatentDenoiser):
    """DiT (Peebles and Xie 2023): a transformer that takes class numbers; the one past the last means no class."""

    def __init__(self, settings: PretrainedDiffusionSettings, names: Sequence[str], device: torch.device):
        pipeline = _load("DiTPipeline", settings)
        super().__init__(pipeline.vae, pipeline.scheduler, pipeline.transformer.config.sample_size, settings, device)
        self.transformer = pipeline.transformer.to(device, self.dtype).eval().requires_grad_(False)
        self.no_class = self.transformer.config.num_embeds_ada_norm
        self.classes = len(names)
        lines = _class_lines(settings, [str(label) for label in range(len(names))])
        if not all(line.isdecimal() for line in lines):
            raise StudyError(
                f"practice.comparison.generator.class_numbers: {settings.class_numbers} has a line that is no number"
            )
        numbers = [int(line) for line in lines]
        if max(numbers) >= self.no_class:
            raise StudyError(
                f"practice.comparison.generator: {settings.model} knows classes 0 to {self.no_class - 1}, but the "
                f"study's classes are its {min(numbers)} to {max(numbers)}; give their numbers in `class_numbers`"
            )
        self.numbers = torch.tensor(numbers, device=device)

    def noise(self, z: Tensor, time: int, labels: Tensor | None) -> Tensor:
        given = torch.full((len(z),), self.no_class, device=z.device) if labels is None else self.numbers[labels]
        times = torch.full((len(z),), time, device=z.device)
        # The second half of the channels is the predicted variance, which DDIM has no use for.
        predicted = self.transformer(z.to(self.dtype), timestep=times, class_labels=given).sample
        return self.as_noise(predicted[:, : self.latent_shape[0]].float(), z, time)


def load_pretrained_diffusion(
    settings: PretrainedDiffusionSettings, names: Sequence[str], device: torch.device
) -> Denoiser:
    """Load the pretrained model for classes called ``names``.

    Raises
    ------
    StudyError
        If the model can't be read, a package that it needs is missing, or its classes aren't the study's.

    """
    return DENOISERS[settings.kind](settings, names, device)


def _class_lines(settings: PretrainedDiffusionSettings, default: Sequence[str]) -> Sequence[str]:
    """Return what the model calls the classes: a line each of the file that says so, else ``default``."""
    path = settings.class_file
    if path is None:
        return default
    try:
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise StudyError(f"practice.comparison.generator: {path} is not readable: {error.strerror}") from error
    if len(lines) != len(default):
        raise StudyError(
            f"practice.comparison.generator.{settings.class_file_key}: {path} has {len(lines)} lines, the data has "
            f"{len(default)} classes; give one a line"
        )
    return lines


def _load(kind: str, settings: PretrainedDiffusionSettings, **options: object) -> object:
    """Load a diffusers pipeline from a folder or the hub."""
    import diffusers

    try:
        return getattr(diffusers, kind).from_pretrained(settings.model, use_safetensors=True, **options)
    except ImportError as error:
        raise StudyError(
            f"practice.comparison.generator: {settings.kind} needs the package transformers: install this "
            "project's extra `stable-diffusion`"
        ) from error
    except (OSError, ValueError) as error:
        raise StudyError(
            f"practice.comparison.generator.model: {settings.model!r} can't be read as {settings.kind} "
            f"({str(error).splitlines()[0]}); give a folder that save_pretrained wrote, or a name on the hub"
        ) from error


DENOISERS = {"stable_diffusion": StableDiffusionDenoiser, "dit": DiTDenoiser}
