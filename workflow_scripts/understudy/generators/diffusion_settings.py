"""Settings of diffusion models: the one that a study trains, and pretrained ones. No torch import."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from understudy.settings import FrozenSettings, PathOrName, Words

Prompt = Annotated[str, Field(pattern=r"\{\}"), Words("a text with {} for the name of the class")]


class DiffusionSettings(FrozenSettings):
    """A class-conditional diffusion model of pixels, trained by the study on the subtrain part (diffusers' UNet)."""

    kind: Literal["unet"] = "unet"
    real_images: Annotated[int, Field(ge=1)] | None = Field(
        None, description="how many of the subtrain images train it, classes in proportion; null is all"
    )
    steps: PositiveInt = Field(900, description="optimisation steps")
    batch: PositiveInt = Field(64, description="images a step")
    learning_rate: float = Field(2e-3, gt=0, le=0.1, description="of AdamW after a warm-up; falls to 0 as a cosine")
    channels: tuple[PositiveInt, ...] = Field(
        (32, 64), description="channels at each resolution; each halves the one before"
    )
    layers: PositiveInt = Field(1, description="residual blocks at each resolution")
    attention: bool = Field(True, description="self-attention at the lowest resolution")
    noise_levels: PositiveInt = Field(1000, description="noise levels of the forward process (cosine schedule)")
    label_dropout: float = Field(
        0.1, ge=0, lt=1, description="fraction of images shown without their class, for classifier-free guidance"
    )
    ema_decay: float = Field(0.995, ge=0, lt=1, description="a step, of the average of weights that is used")

    def _mistakes(self) -> Iterator[str]:
        if any(channels % 8 for channels in self.channels):
            yield f"channels {list(self.channels)}: multiples of 8 are allowed (normalisation)"


class PretrainedDiffusionSettings(FrozenSettings):
    """A pretrained latent diffusion model, read through diffusers."""

    kind: Literal["stable_diffusion", "dit"]
    model: PathOrName = Field(
        description="a folder that diffusers' save_pretrained wrote, or a name on the Hugging Face hub"
    )
    image_size: Annotated[int, Field(ge=4, le=1024)] = Field(
        description="side in pixels to which decoded images are resized; must be that of the study's images"
    )
    prompt: Prompt = Field("{}", description="stable_diffusion: text for a class; {} is replaced by its name")
    class_names: Path | None = Field(
        None,
        description="stable_diffusion: a text file with a line per class, its name; null: the data's names",
    )
    class_numbers: Path | None = Field(
        None,
        description="dit: a text file with a line per class, its number in the model; null: 0, 1, 2, ...",
    )
    half_precision: bool = Field(True, description="float16 on a GPU")

    def _mistakes(self) -> Iterator[str]:
        other = "class_numbers" if self.class_file_key == "class_names" else "class_names"
        if getattr(self, other) is not None:
            yield f"{other} ({getattr(self, other)}) is not for kind {self.kind}, whose key is {self.class_file_key}"

    def unfit_names(self, names: Sequence[str]) -> str | None:
        """Say what is wrong where prompts would be made of names that are but numbers; None where nothing is."""
        if self.kind != "stable_diffusion" or self.class_names or not all(name.isdecimal() for name in names):
            return None
        prompt = self.prompt.replace("{}", names[0])
        return (
            "practice.comparison.generator: the data's classes have numbers for names, and prompts would be such as "
            f"{prompt!r}; give their names in `data.classes`, or as a line each of the file `class_names`"
        )

    @property
    def class_file_key(self) -> str:
        """The key of the file that says what the model calls the classes."""
        return "class_numbers" if self.kind == "dit" else "class_names"

    @property
    def class_file(self) -> Path | None:
        """The file that says what the model calls the classes, if one is given."""
        return getattr(self, self.class_file_key)
