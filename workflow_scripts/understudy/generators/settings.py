"""Settings of a generator: what a study's configuration may say, and the presets that fill in the rest.

Nothing here imports torch, so that a configuration is checked before anything heavy is loaded.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from understudy.settings import FrozenSettings, Neutral

Method = Literal["stylegan2", "wgan_gp"]
Preset = Literal["cifar", "digits"]
Form = Literal["orig", "skip", "residual"]
Precision = Literal["auto", "float32", "bfloat16"]
Augmentation = Literal[
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
    """What both methods have; every field is filled in."""

    kimg: PositiveFloat = Field(description="thousands of real images shown to the discriminator, per GAN")
    snapshots: PositiveInt = Field(description="snapshots kept, evenly spaced, the last one at the end")
    latent: Channels = Field(description="dimensions of the latent vector z")
    batch: Batch = Field(description="real images a step, per GAN")
    learning_rate: LearningRate
    mirror: bool = Field(description="whether training images are also shown flipped left to right")
    ema_kimg: NonNegative = Field(description="half-life of the generator's moving average; 0: no average")
    ema_rampup: NonNegative = Field(description="the half-life is at most this fraction of the images seen")

    @property
    def class_group(self) -> int:
        """How many successive images of a batch are of one class."""
        return 1


class StyleGAN2Settings(TrainingSettings):
    """StyleGAN2 (Karras et al. 2020) with adaptive discriminator augmentation."""

    method: Literal["stylegan2"] = "stylegan2"
    channels_base: PositiveInt = Field(description="channels at a resolution: min(base / resolution, maximum)")
    channels_max: Channels
    mapping_layers: PositiveInt
    mapping_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        description="learning rate of mapping layers, relative to the others'"
    )
    label_mapping_layers: PositiveInt = Field(description="layers of the discriminator's label mapping")
    generator_form: Form
    discriminator_form: Literal["orig", "residual", "skip"]
    minibatch_std_group: PositiveInt = Field(description="images per group of the minibatch standard deviation")
    class_groups: bool = Field(
        description="whether a group of the minibatch standard deviation holds images of one class, so that it shows "
        "how much they vary within a class"
    )
    r1_gamma: NonNegative
    r1_interval: PositiveInt = Field(description="steps between two gradient penalties")
    path_length_weight: NonNegative = Field(description="0: no path-length regularisation")
    path_length_interval: PositiveInt
    lazy_generator: bool = Field(
        False,
        description="whether the generator's learning rate and decay are lowered by path_length_interval even without "
        "path-length regularisation, as the reference does",
    )
    ada_target: Annotated[float, Field(ge=0, lt=1)] = Field(description="target of r_t; 0: never augment")
    ada_kimg: PositiveFloat = Field(description="thousands of images in which p can go from 0 to 1")
    ada_interval: PositiveInt = Field(description="steps between two adjustments of p")
    augmentations: tuple[Augmentation, ...]
    precision: Annotated[Precision, Neutral("float32")] = Field(
        "float32",
        description="of the convolutions in training; auto: bfloat16 on CUDA and on processors with AMX, where it is "
        "several times faster, else float32",
    )

    @property
    def class_group(self) -> int:
        """How many successive images of a batch are of one class."""
        return self.minibatch_std_group if self.class_groups else 1

    @model_validator(mode="after")
    def _groups_divide_the_batch(self) -> "StyleGAN2Settings":
        if self.batch % self.minibatch_std_group:
            raise ValueError(
                f"minibatch_std_group ({self.minibatch_std_group}) must divide batch ({self.batch}); change either"
            )
        return self


class WGANGPSettings(TrainingSettings):
    """WGAN-GP (Gulrajani et al. 2017), the residual architecture, with AC-GAN heads where it is conditional."""

    method: Literal["wgan_gp"] = "wgan_gp"
    generator_channels: Channels
    critic_channels: Channels
    critic_steps: PositiveInt = Field(description="critic steps for one generator step")
    generator_batch_factor: PositiveInt = Field(description="fakes of a generator step, in batches")
    gradient_penalty: NonNegative
    critic_class_weight: NonNegative
    generator_class_weight: NonNegative


CIFAR_STYLEGAN2 = StyleGAN2Settings(
    kimg=100_000, snapshots=50, latent=512, batch=64, learning_rate=2.5e-3, mirror=False,
    ema_kimg=500, ema_rampup=0.05, channels_base=32768, channels_max=512, mapping_layers=2, mapping_rate=0.01,
    label_mapping_layers=8, generator_form="skip", discriminator_form="orig", minibatch_std_group=32,
    class_groups=False, r1_gamma=0.01, r1_interval=16, path_length_weight=0, path_length_interval=4,
    lazy_generator=True, ada_target=0.6, ada_kimg=500, ada_interval=4, augmentations=BLIT + GEOMETRIC + COLOUR,
    precision="auto",
)  # fmt: skip
CIFAR_WGAN_GP = WGANGPSettings(
    kimg=32_000, snapshots=50, latent=128, batch=64, learning_rate=2e-4, mirror=False, ema_kimg=0, ema_rampup=0,
    generator_channels=256, critic_channels=128, critic_steps=5, generator_batch_factor=2, gradient_penalty=10,
    critic_class_weight=1, generator_class_weight=0.1,
)  # fmt: skip

# Settings of the presets by (preset, method). "cifar" is the published CIFAR-10 setting of each method. "digits" is
# for 8x8 grey images on one core. A turned or mirrored 6 is no 6, and few images drive p towards 1, where
# augmentations leak into the generated images: "digits" leaves out those that change what a digit means.
PRESETS: dict[tuple[str, str], StyleGAN2Settings | WGANGPSettings] = {
    ("cifar", "stylegan2"): CIFAR_STYLEGAN2,
    ("cifar", "wgan_gp"): CIFAR_WGAN_GP,
    ("digits", "stylegan2"): CIFAR_STYLEGAN2.model_copy(
        update=dict(
            kimg=96, snapshots=8, latent=64, batch=32, learning_rate=5e-3, ema_kimg=10, channels_base=512,
            channels_max=32,
            mapping_rate=0.3, label_mapping_layers=2, minibatch_std_group=4, class_groups=True, r1_gamma=1.0,
            ada_kimg=50, augmentations=("shift", "scale", "stretch", "subpixel", "brightness", "contrast"),
            lazy_generator=False,
            precision="float32",  # nothing to gain at 8x8 pixels
        )
    ),
    # Some hundred generator steps at the reference's rate leave it ignorant of labels: fewer critic steps for each.
    ("digits", "wgan_gp"): CIFAR_WGAN_GP.model_copy(
        update=dict(
            kimg=40, snapshots=8, latent=64, batch=16, learning_rate=2e-3, ema_kimg=5, ema_rampup=0.05,
            generator_channels=32, critic_channels=32, critic_steps=2, generator_class_weight=1.0,
        )
    ),
}  # fmt: skip

# A GAN of a single class has less to learn, and as many run at once as there are classes.
PER_CLASS_CHANGES: dict[tuple[str, str], dict] = {
    ("digits", "stylegan2"): dict(kimg=20, channels_max=16, batch=8, learning_rate=2.5e-3),
    ("digits", "wgan_gp"): dict(kimg=10, generator_channels=16, critic_channels=16, batch=8),
}


class GeneratorSettings(FrozenSettings):
    """A generator in a study's configuration: a method, a preset, and what differs from the preset.

    A key that is left out keeps the preset's value; ``resolve`` gives the whole.
    """

    method: Method
    per_class: bool = Field(False, description="one GAN per class rather than one conditional GAN")
    preset: Preset = "digits"
    kimg: PositiveFloat | None = None
    snapshots: PositiveInt | None = None
    latent: Channels | None = None
    batch: Batch | None = None
    learning_rate: LearningRate | None = None
    mirror: bool | None = None
    ema_kimg: NonNegative | None = None
    ema_rampup: NonNegative | None = None
    channels_base: PositiveInt | None = None
    channels_max: Channels | None = None
    generator_form: Form | None = None
    discriminator_form: Literal["orig", "residual", "skip"] | None = None
    minibatch_std_group: PositiveInt | None = None
    mapping_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    class_groups: bool | None = None
    r1_gamma: NonNegative | None = None
    path_length_weight: NonNegative | None = None
    ada_target: Annotated[float, Field(ge=0, lt=1)] | None = None
    ada_kimg: PositiveFloat | None = None
    augmentations: tuple[Augmentation, ...] | None = None
    precision: Annotated[Precision | None, Neutral(None)] = None
    generator_channels: Channels | None = None
    critic_channels: Channels | None = None
    critic_steps: PositiveInt | None = None
    gradient_penalty: NonNegative | None = None

    @model_validator(mode="after")
    def _resolvable(self) -> "GeneratorSettings":
        self.resolve()
        return self

    def resolve(self) -> StyleGAN2Settings | WGANGPSettings:
        """Return the preset's settings with this generator's own values in their place.

        Raises
        ------
        ValueError
            If a key belongs to the other method, or the values don't go together.

        """
        preset = PRESETS[self.preset, self.method]
        if self.per_class:
            preset = preset.model_copy(update=PER_CLASS_CHANGES.get((self.preset, self.method), {}))
        keys = set(GeneratorSettings.model_fields) - {"method", "per_class", "preset"}
        own = self.model_dump(include=keys, exclude_none=True)
        unknown = sorted(set(own) - set(type(preset).model_fields))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not a setting of {self.method}; remove it or change `method`")
        return type(preset)(**{**preset.model_dump(), **own})
