"""Settings of the generators that a study trains, every field filled in; ``presets.py`` has sets of values.

Nothing here imports torch, so that a configuration is checked before anything heavy is loaded.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from understudy.settings import FrozenSettings

AugmentationName = Literal[
    "flip", "rotate90", "shift", "scale", "rotate", "stretch", "subpixel",
    "brightness", "contrast", "luma_flip", "hue", "saturation",
]  # fmt: skip

BLIT = ("flip", "rotate90", "shift")
GEOMETRIC = ("scale", "rotate", "stretch", "subpixel")
COLOUR = ("brightness", "contrast", "luma_flip", "hue", "saturation")

LearningRate = Annotated[float, Field(gt=0, le=0.1)]
Channels = Annotated[int, Field(ge=4, le=4096)]
Batch = Annotated[int, Field(ge=2, le=4096)]
NonNegative = Annotated[float, Field(ge=0)]


class TrainingSettings(FrozenSettings):
    """What all methods have; every field is filled in."""

    method: str
    per_class: bool = Field(False, description="one GAN per class rather than one conditional GAN")
    kimg: PositiveFloat = Field(description="thousands of real images shown to the discriminator, per GAN")
    snapshots: PositiveInt = Field(description="snapshots kept, evenly spaced, the last one at the end")
    latent: Channels = Field(description="dimensions of the latent vector z")
    batch: Batch = Field(description="real images a step, per GAN")
    learning_rate: LearningRate = Field(description="of Adam, for both networks")
    mirror: bool = Field(description="whether training images are also shown flipped left to right")
    ema_kimg: NonNegative = Field(description="half-life of the generator's moving average; 0: no average")
    ema_rampup: NonNegative = Field(description="the half-life is at most this fraction of the images seen")

    @property
    def class_group(self) -> int:
        """How many successive images of a batch are of one class."""
        return 1

    @property
    def images_per_step(self) -> int:
        """How many real images a step shows to each discriminator."""
        return self.batch

    @property
    def steps(self) -> int:
        """The steps of a training."""
        return max(round(1000 * self.kimg / self.images_per_step), 1)

    @property
    def snapshot_steps(self) -> list[int]:
        """After which steps, ascending, a training leaves a snapshot; the last step is one."""
        return evenly_spaced(self.steps, self.snapshots)

    def average_decay(self, images_seen: int) -> float:
        """Return what the moving average keeps of itself in a step that follows ``images_seen`` images.

        The half-life is ``ema_kimg`` thousand images but at most ``ema_rampup`` times the images seen so far, so that
        the start is soon forgotten (StyleGAN2-ADA's reference setting); a half-life of 0 copies the weights.
        """
        half_life = 1000 * self.ema_kimg
        if self.ema_rampup:
            half_life = min(half_life, images_seen * self.ema_rampup)
        return 0.5 ** (self.images_per_step / half_life) if half_life > 0 else 0.0


def evenly_spaced(steps: int, count: int) -> list[int]:
    """Return ``count`` of the steps 1 to ``steps``, ascending and the last one among them; all if there are fewer."""
    count = min(count, steps)
    return [round(steps * (k + 1) / count) for k in range(count)]


class StyleGAN2Settings(TrainingSettings):
    """StyleGAN2 (Karras et al. 2020) with adaptive discriminator augmentation."""

    method: Literal["stylegan2"] = "stylegan2"
    channels_base: PositiveInt = Field(description="channels at a resolution: min(base / resolution, maximum)")
    channels_max: Channels = Field(description="most channels at a resolution")
    mapping_layers: PositiveInt = Field(description="layers of the generator's mapping network")
    mapping_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        description="learning rate of mapping layers, relative to the others'"
    )
    label_mapping_layers: PositiveInt = Field(description="layers of the discriminator's label mapping")
    generator_form: Literal["orig", "skip", "residual"] = Field(
        description="how the generator's resolutions join (figure 7 of the paper)"
    )
    discriminator_form: Literal["orig", "skip", "residual"] = Field(
        description="how the discriminator's resolutions join"
    )
    minibatch_std_group: PositiveInt = Field(description="images per group of the minibatch standard deviation")
    class_groups: bool = Field(
        description="whether a group of the minibatch standard deviation holds images of one class, so that it shows "
        "how much they vary within a class"
    )
    r1_gamma: NonNegative = Field(description="weight of the discriminator's gradient penalty; 0: none")
    r1_interval: PositiveInt = Field(description="steps between two gradient penalties")
    path_length_weight: NonNegative = Field(description="0: no path-length regularisation")
    path_length_interval: PositiveInt = Field(description="steps between two path-length regularisations")
    lazy_generator: bool = Field(
        description="whether the generator's learning rate and decay are lowered by path_length_interval even without "
        "path-length regularisation, as the reference does",
    )
    ada_target: Annotated[float, Field(ge=0, lt=1)] = Field(description="target of r_t; 0: never augment")
    ada_kimg: PositiveFloat = Field(description="thousands of images in which p can go from 0 to 1")
    ada_interval: PositiveInt = Field(description="steps between two adjustments of p")
    augmentations: tuple[AugmentationName, ...] = Field(description="those that p applies, in the order of ADA")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        description="of the convolutions in training; auto: bfloat16 on CUDA and on processors with AMX, where it is "
        "several times faster, else float32",
    )

    @property
    def class_group(self) -> int:
        """How many successive images of a batch are of one class."""
        return self.minibatch_std_group if self.class_groups else 1

    def _mistakes(self) -> Iterator[str]:
        if self.batch % self.minibatch_std_group:
            yield f"minibatch_std_group ({self.minibatch_std_group}) must divide batch ({self.batch}); change either"


class WGANGPSettings(TrainingSettings):
    """WGAN-GP (Gulrajani et al. 2017), the residual architecture, with AC-GAN heads where it is conditional."""

    method: Literal["wgan_gp"] = "wgan_gp"
    generator_channels: Channels = Field(description="channels of the generator's blocks")
    critic_channels: Channels = Field(description="channels of the critic's blocks")
    critic_steps: PositiveInt = Field(description="critic steps for one generator step")
    generator_batch_factor: PositiveInt = Field(description="fakes of a generator step, in batches")
    gradient_penalty: NonNegative = Field(description="weight of the critic's gradient penalty")
    critic_class_weight: NonNegative = Field(description="weight of the critic's class loss")
    generator_class_weight: NonNegative = Field(description="weight of the generator's class loss")

    @property
    def images_per_step(self) -> int:
        """How many real images a step shows to each discriminator."""
        return self.batch * self.critic_steps
