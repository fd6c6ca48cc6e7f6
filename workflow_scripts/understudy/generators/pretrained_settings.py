"""Settings of the sets that pretrained generators make."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from understudy.settings import Count, PathOrName, Settings


class GeneratedSet(Settings):
    """What the sets of pretrained generators have in common."""

    images_per_class: Count = Field(100, description="generated images per class")
    shard_size: Count = Field(1000, description="images in one parquet shard, which one job makes")
    batch_size: Count = Field(16, description="images generated at once")
    size: Count | None = Field(None, description="resize images to size x size pixels; null keeps them")


class DiTSet(GeneratedSet):
    """Images of a diffusion transformer, by diffusers' DiTPipeline."""

    source: Literal["dit"]
    model: PathOrName = Field(
        "facebook/DiT-XL-2-256", description="name on the hub, or a folder with the saved pipeline"
    )
    guidance: float = Field(4.0, ge=1, description="scale of classifier-free guidance; 1 is none")
    steps: Count = Field(250, description="denoising steps")


class BigGANSet(GeneratedSet):
    """Images of a BigGAN, by the optional package pytorch-pretrained-biggan."""

    source: Literal["biggan"]
    model: Path = Field(description="folder with config.json and pytorch_model.bin or model.safetensors")
    truncation: float = Field(0.4, gt=0, le=1, description="latents are drawn from [-2, 2] and shrunk by this")
