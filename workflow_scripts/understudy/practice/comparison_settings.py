"""Settings of a practice study's loop: sampling, guidance, learner, patience, and what is compared. No torch import."""

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.generators.diffusion_settings import DiffusionSettings, PretrainedDiffusionSettings
from understudy.settings import FrozenSettings, Words

# The functions of practice/corruptions.py, which imports torch.
Corruption = Literal["gaussian_noise", "blur", "contrast", "brightness", "occlusion", "rotation", "translation"]
# Those whose strength is a share, of which there is no more than the whole.
AT_MOST_ONE = ("contrast", "occlusion", "translation")
FolderName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*$"), Words("a name (a small letter, then small letters, digits or _)")
]
Share = Annotated[float, Field(ge=0, le=1)]


class SamplingSettings(FrozenSettings):
    """DDIM sampling with classifier-free guidance."""

    steps: PositiveInt = Field(30, description="DDIM steps of an image")
    guidance_scale: float = Field(
        1.0, ge=0, description="lambda of e = (1 + lambda) e(z, y) - lambda e(z); 0: conditional noise alone"
    )
    batch: PositiveInt = Field(
        50, description="images at once; always filled up, so that no image depends on the others"
    )


class GuidanceSettings(FrozenSettings):
    """Entropy guidance."""

    form: Literal["normalised", "gradient"] = Field(
        "normalised",
        description="normalised: a step of omega times the latent's length; gradient: omega times the raw gradient",
    )
    interval: PositiveInt = Field(5, description="guide every so many steps, from `start` on")
    start: Share = Field(
        0.0,
        description="share of the steps before guidance begins; kind unet: at the first steps the predicted image is "
        "noise far beyond the pixels' range, and guidance has no effect",
    )
    stop: Share = Field(1.0, description="share of the steps after which it ends")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "GuidanceSettings":
        if self.start >= self.stop:
            raise ValueError(f"start ({self.start}) must be smaller than stop ({self.stop})")
        return self

    def guided_steps(self, steps: int) -> range:
        """Return the numbers, from 0, of the guided steps among ``steps``."""
        return range(math.ceil(self.start * steps), math.ceil(self.stop * steps), self.interval)


class LearnerSettings(FrozenSettings):
    """The learner, and how it is trained: AdamW; warm-up, constant and cool-down rates; averaged weights.

    The average is what is validated, asked for its entropy and scored.
    """

    network: ArchitectureSettings = Field(description="model and arguments, as for a candidate; timm:NAME for a ViT")
    iterations: PositiveInt = Field(description="steps of the whole training")
    batch: PositiveInt = Field(64, description="images a step, drawn uniformly from all that are there")
    learning_rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warm_up: Share = Field(0.1, description="share of the iterations in which the rate rises linearly")
    cool_down: Share = Field(0.2, description="share in which it falls as a cosine, at the end; no images are added")
    label_smoothing: Share = Field(0.11)
    mixup: float = Field(0.0, ge=0, description="parameter of Mixup's beta distribution; 0: none")
    cutmix: float = Field(0.0, ge=0, description="parameter of CutMix's beta distribution; 0: none")
    crop: int = Field(0, ge=0, description="black pixels added on each side before a random crop")
    flip: bool = Field(False, description="horizontal flip with probability 1/2")
    ema_decay: float = Field(0.99, ge=0, lt=1, description="of the weights' moving average a step")

    @model_validator(mode="after")
    def _rates_leave_time(self) -> "LearnerSettings":
        if self.warm_up + self.cool_down >= 1:
            raise ValueError(f"warm_up ({self.warm_up}) and cool_down ({self.cool_down}) must leave time between them")
        return self

    @field_validator("network")
    @classmethod
    def _network_alone(cls, network: ArchitectureSettings) -> ArchitectureSettings:
        if network.recipe:
            raise ValueError(
                f"recipe (given: {network.recipe}): not for a learner; its training is set beside `network`: "
                f"{', '.join(key for key in cls.model_fields if key != 'network')}"
            )
        if network.group is not None:
            raise ValueError(f"group (given: {network.group!r}): not for a learner, which shares no job; remove it")
        return network

    @property
    def warm_up_steps(self) -> int:
        """Steps of the warm-up."""
        return round(self.warm_up * self.iterations)

    @property
    def cool_down_steps(self) -> int:
        """Steps of the cool-down."""
        return round(self.cool_down * self.iterations)

    @property
    def adding_steps(self) -> range:
        """After how many steps images may be added: neither in warm-up nor in cool-down."""
        return range(max(self.warm_up_steps, 1), self.iterations - self.cool_down_steps)


class PatienceSettings(FrozenSettings):
    """When the learner is validated, and when it has waited long enough for an improvement."""

    initial: PositiveInt = Field(description="N: plain images at the start")
    evaluation_interval: PositiveInt | None = Field(
        None, description="tau: iterations between two validations; null: one pass over N images"
    )
    patience: PositiveInt = Field(1, description="T_max: validations without improvement that call for more images")
    patience_grows: bool = Field(
        True, description="whether T_max grows in proportion to the data, so that it stays the same number of passes"
    )

    def patience_at(self, images: int) -> int:
        """Return T_max once there are ``images`` images.

        The paper raises it as the data set grows without saying how; in proportion, it remains a constant number of
        passes over the data, which is what an evaluation counts at the start.
        """
        return math.ceil(self.patience * images / self.initial) if self.patience_grows else self.patience


class LoopSettings(PatienceSettings):
    """Algorithm 1: what the learner starts with, and when how much is added."""

    added: PositiveInt = Field(description="P: images of an addition")
    additions: PositiveInt = Field(description="additions at most")


class SweepSettings(FrozenSettings):
    """Figure 5: one addition at a fixed iteration, for several strengths of guidance and oversampling ratios."""

    omegas: tuple[Annotated[float, Field(ge=0)], ...] = Field((), description="strengths; 0 makes plain images")
    oversampling: tuple[Annotated[float, Field(gt=1)], ...] = Field((), description="images made for one that is kept")
    at: Share = Field(
        0.34, description="share of the iterations after which images are added; between warm-up and cool-down"
    )


class AblationSettings(FrozenSettings):
    """Table 3: the loop of practice with one setting changed, to its end, without branches."""

    omegas: tuple[Annotated[float, Field(gt=0)], ...] = Field((), description="other strengths of the guidance")
    fixed_patience: bool = Field(False, description="whether to run it with a patience that doesn't grow, too")
    new_weight: Annotated[float, Field(gt=1)] | None = Field(
        None, description="how many times likelier an image of the newest addition is drawn in one more run"
    )


class ShiftedSettings(FrozenSettings):
    """Shifted test sets: corruptions of the test images, and folders of other images of the same classes."""

    corruptions: dict[Corruption, Annotated[float, Field(ge=0)]] = Field(
        {},
        description="strengths: blur in pixels, rotation in degrees, others in shares; see practice/corruptions.py",
    )
    folders: dict[FolderName, Path] = Field(
        {}, description="a folder with a folder of images per class, by the name of the test set"
    )

    @field_validator("corruptions")
    @classmethod
    def _shares_are_at_most_one(cls, corruptions: dict[str, float]) -> dict[str, float]:
        for name in AT_MOST_ONE:
            if corruptions.get(name, 0) > 1:
                raise ValueError(f"{name} ({corruptions[name]:g}) is a share, at most 1")
        return corruptions


class ComparisonSettings(FrozenSettings):
    """The comparison of practice with its baselines."""

    split: str = Field(description="subtrain trains the generator, validation drives patience, test evaluates")
    seeds: int = Field(ge=1, le=1000, description="runs of every method; seed number s uses draw s modulo `draws`")
    first_seed: int = Field(0, ge=0, description="number of the first: others make other images and runs")
    seed_block: int = Field(1, ge=1, description="seeds of one job")
    generator: Annotated[DiffusionSettings | PretrainedDiffusionSettings, Field(discriminator="kind")]
    sampling: SamplingSettings = SamplingSettings()
    guidance: GuidanceSettings = GuidanceSettings()
    omega: float = Field(0.05, gt=0, description="strength of the guidance of practice")
    learner: LearnerSettings
    loop: LoopSettings
    pool_shard: PositiveInt = Field(20_000, description="plain images that one job makes, for all methods of a seed")
    static: tuple[PositiveInt, ...] = Field((), description="sizes of the static sets, all generated at once")
    oversampling: tuple[Annotated[float, Field(gt=1)], ...] = Field(
        (), description="prune: images made for one that is kept, by the learner's entropy"
    )
    dynamic: bool = Field(True, description="whether to run the loop with plain images too (omega 0)")
    real: bool = Field(True, description="whether to train on the subtrain images too, as a ceiling")
    sweep: SweepSettings | None = None
    ablation: AblationSettings | None = None
    bootstrap_draws: int = Field(2000, ge=100, description="draws of seeds for the cost at equal accuracy")
    shifted: ShiftedSettings = ShiftedSettings()

    @model_validator(mode="after")
    def _steps_are_there(self) -> "ComparisonSettings":
        steps, guidance = self.sampling.steps, self.guidance
        if isinstance(self.generator, DiffusionSettings) and steps > self.generator.noise_levels:
            raise ValueError(
                f"sampling.steps ({steps}) must be at most generator.noise_levels ({self.generator.noise_levels})"
            )
        if not guidance.guided_steps(steps):
            raise ValueError(
                f"guidance: start ({guidance.start:g}) and stop ({guidance.stop:g}) leave none of the {steps} steps of "
                f"sampling.steps to guide; give a start of at most {(steps - 1) / steps:g}, and a later stop"
            )
        return self

    @model_validator(mode="after")
    def _sweep_adds_images(self) -> "ComparisonSettings":
        sweep, learner = self.sweep, self.learner
        if not sweep or not (sweep.omegas or sweep.oversampling):
            return self
        step, allowed = round(sweep.at * learner.iterations), learner.adding_steps
        if step not in allowed:
            raise ValueError(
                f"sweep.at ({sweep.at:g}) is step {step} of {learner.iterations}, and images are added after "
                f"learner.warm_up and before learner.cool_down alone, from step {allowed.start} to {allowed.stop - 1}"
            )
        return self

    @model_validator(mode="after")
    def _ablations_differ(self) -> "ComparisonSettings":
        if self.ablation and self.ablation.fixed_patience and not self.loop.patience_grows:
            raise ValueError("ablation.fixed_patience: loop.patience_grows is false, so that practice itself is this")
        return self
