"""Pretrained generators of labelled images: DiT through diffusers, and BigGAN."""

import textwrap
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.stats import truncnorm

from understudy.data.decoding import to_array, to_picture
from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.foreign_weights import read_file
from understudy.generators.pretrained_settings import BigGANSet, DiTSet, GeneratedSet
from understudy.generators.sampling import to_bytes
from understudy.seeds import numpy_generator


class PretrainedGenerator(ABC):
    """Makes images of given classes."""

    settings: GeneratedSet

    def sample(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return uint8 images [N, 3, H, W]; labels and seeds are int64 [N], and an image depends on its own alone."""
        batch = self.settings.batch_size
        parts = [
            self._sample_batch(labels[start : start + batch], seeds[start : start + batch])
            for start in range(0, len(labels), batch)
        ]
        return _resized(np.concatenate(parts), self.settings.size)

    @abstractmethod
    def _sample_batch(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Return a batch of images, before they are resized."""


class DiT(PretrainedGenerator):
    """A class-conditional diffusion transformer (Peebles and Xie, 2023), half precision on a GPU.

    An image's seed gives its first noise. Saved pipelines sample by DDIM, which draws no other; with a scheduler that
    does, images are as random but not reproducible.
    """

    def __init__(self, settings: DiTSet, device: torch.device):
        from diffusers import DiTPipeline  # imported here: it takes seconds that no other generator needs

        precision = torch.float16 if device.type == "cuda" else torch.float32
        try:
            pipeline = DiTPipeline.from_pretrained(settings.model, dtype=precision)
        except (OSError, ValueError, RuntimeError) as error:
            raise StudyError(
                f"model {settings.model}: no pipeline of diffusers could be loaded ({_one_line(error)})"
            ) from error
        self.pipeline = pipeline.to(device)
        self.pipeline.set_progress_bar_config(disable=True)
        self.settings = settings

    def _sample_batch(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        made = self.pipeline(
            class_labels=labels.tolist(),
            guidance_scale=self.settings.guidance,
            num_inference_steps=self.settings.steps,
            # On the CPU whatever the device, so that a seed means the same noise everywhere.
            generator=[torch_generator(int(seed)) for seed in seeds],
            output_type="np",
        ).images  # [B, H, W, 3] in [0, 1]
        return np.rint(made * 255).astype(np.uint8).transpose(0, 3, 1, 2)


class BigGAN(PretrainedGenerator):
    """A class-conditional GAN (Brock et al., 2019); its latents are truncated: of [-2, 2], times the truncation."""

    def __init__(self, settings: BigGANSet, device: torch.device):
        try:
            from pytorch_pretrained_biggan import BigGAN as Network
            from pytorch_pretrained_biggan import BigGANConfig
        except ImportError as error:
            raise StudyError(
                f"source biggan needs an optional package ({error}): pip install pytorch-pretrained-biggan; "
                "or give images that were generated elsewhere (source: imagefolder or parquet)"
            ) from error
        about = settings.model / "config.json"
        try:
            self.config = BigGANConfig.from_json_file(about)
            network = Network(self.config)
        except (OSError, ValueError, AttributeError, TypeError, LookupError, RuntimeError) as error:
            raise StudyError(f"{about} describes no BigGAN ({_one_line(error)}); download it again") from error
        _load_weights(network, settings.model)
        self.network = network.eval().to(device)
        self.settings = settings
        self.device = device

    @torch.inference_mode()
    def _sample_batch(self, labels: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        truncation = self.settings.truncation
        normal = [
            truncnorm.rvs(-2, 2, size=self.config.z_dim, random_state=numpy_generator(int(seed))) for seed in seeds
        ]
        latents = truncation * torch.tensor(np.stack(normal), dtype=torch.float32, device=self.device)
        classes = torch.from_numpy(labels).to(self.device)
        one_hot = torch.nn.functional.one_hot(classes, self.config.num_classes).float()
        return to_bytes(self.network(latents, one_hot, truncation))


PRETRAINED = {"dit": DiT, "biggan": BigGAN}


def load_pretrained(settings: GeneratedSet, device: torch.device) -> PretrainedGenerator:
    """Load a generator.

    Raises
    ------
    StudyError
        It can't be found or read, or its package isn't installed.

    """
    return PRETRAINED[settings.source](settings, device)


def _load_weights(network: torch.nn.Module, folder: Path) -> None:
    """Load all weights and buffers of a BigGAN from its folder.

    Raises
    ------
    StudyError
        The file can't be read, or isn't this network's: a value kept from the random start would make noise.

    """
    tensors = folder / "model.safetensors"
    file = tensors if tensors.exists() else folder / "pytorch_model.bin"
    content = read_file(file)
    try:
        network.load_state_dict(content)
    except (RuntimeError, TypeError) as error:
        raise StudyError(
            f"{file} doesn't load as the weights of the BigGAN in config.json ({_one_line(error)}); download both again"
        ) from error


def _one_line(error: Exception) -> str:
    return textwrap.shorten(str(error) or type(error).__name__, 300)


def _resized(images: np.ndarray, size: int | None) -> np.ndarray:
    if size is None or images.shape[2:] == (size, size):
        return images
    return np.stack([to_array(to_picture(image).resize((size, size), Image.Resampling.LANCZOS)) for image in images])
