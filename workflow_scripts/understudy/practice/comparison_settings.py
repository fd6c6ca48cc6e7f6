"""Settings of the comparison of practice with its baselines: sampling, guidance, learner, what is compared.

No torch import.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.generators.diffusion_settings import DiffusionSettings, PretrainedDiffusionSettings
from understudy.practice.corruptions import CORRUPTIONS
from understudy.practice.guidance import CRITERIA, FORMS
from understudy.practice.patience import LoopSettings
from understudy.settings import FrozenSettings, Neutral, Renamed, Words

FolderName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]*$"), Words("a name (a small letter, then small letters, digits or _)")
]
CriterionName = Literal[tuple(CRITERIA)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Strength = Annotated[float, Field(ge=0)]
Ratio = Annotated[float, Field(gt=1)]


class SamplingSettings(FrozenSettings):
    """DDIM sampling with classifier-free guidance."""

    steps: PositiveInt = Field(30, description="DDIM steps of an image")
    guidance_scale: float = Field(1.0, ge=0, description="lambda of e = (1 + lambda) e(z, y) - lambda e(z)")
    batch: PositiveInt = Field(50, description="images at once; filled up, so that no image depends on others")


class GuidanceSettings(FrozenSettings):
    """Guidance towards images for which a criterion of the learner's predictions is high."""

    criterion: Annotated[CriterionName, Neutral("entropy")] = Field("entropy", description="what guidance raises")
    form: Literal[tuple(FORMS)] = Field(
        "normalised", description="a step of omega times the latent's length (normalised), or the gradient (gradient)"
    )
    interval: PositiveInt = Field(5, description="guide every so many steps, from `start` on")
    start: Fraction = Field(
        0.0, description="fraction of the steps before guidance; kind unet: it has no effect at the first steps"
    )
    stop: Fraction = Field(1.0, description="fraction of the steps after which it ends")

    def _mistakes(self) -> Iterator[str]:
        if self.start >= self.stop:
            yield f"start ({self.start}) must be smaller than stop ({self.stop})"

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
    warm_up: Fraction = Field(0.1, description="fraction of the iterations in which the rate rises linearly")
    cool_down: Fraction = Field(0.2, description="fraction in which it falls, at the end; no images are added")
    label_smoothing: Fraction = Field(0.11)
    mixup: float = Field(0.0, ge=0, description="parameter of Mixup's beta distribution; 0: none")
    cutmix: float = Field(0.0, ge=0, description="parameter of CutMix's beta distribution; 0: none")
    crop: int = Field(0, ge=0, description="black pixels added on each side before a random crop")
    flip: bool = Field(False, description="horizontal flip with probability 1/2")
    ema_decay: float = Field(0.99, ge=0, lt=1, description="of the weights' moving average a step")

    def _mistakes(self) -> Iterator[str]:
        if self.warm_up + self.cool_down >= 1:
            yield f"warm_up ({self.warm_up}) and cool_down ({self.cool_down}) must leave time between them"
        network, keys = self.network, [key for key in type(self).model_fields if key != "network"]
        if network.recipe:
            told = f"not for a learner; its training is set beside `network`: {', '.join(keys)}"
            yield f"network.recipe: {told} (given: {network.recipe})"
        if network.group is not None:
            yield f"network.group: not for a learner, which shares no job; remove it (given: {network.group!r})"

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

    def learning_rate_at(self, step: int, cool_down_from: int) -> float:
        """Return the rate of step ``step`` (from 0): linear rise, constant, then a cosine down to 0.

        ``cool_down_from`` is the step at which the cool-down begins: a branch begins its own where it leaves the run.
        """
        rate = self.learning_rate * min(1.0, (step + 1) / max(self.warm_up_steps, 1))
        if step < cool_down_from:
            return rate
        progressed = (step - cool_down_from) / max(self.cool_down_steps, 1)
        return rate * 0.5 * (1 + math.cos(math.pi * min(progressed, 1.0)))


class SweepSettings(FrozenSettings):
    """Figure 5: one addition at a fixed iteration, for several strengths of guidance and oversampling ratios."""

    omegas: tuple[Strength, ...] = Field((), description="strengths; 0 makes plain images")
    oversampling: tuple[Ratio, ...] = Field((), description="images made for one that is kept")
    at: Fraction = Field(0.34, description="fraction of the iterations, between warm-up and cool-down")


class AblationSettings(FrozenSettings):
    """Table 3: the loop of practice with one setting changed, to its end, without branches."""

    omegas: tuple[Annotated[float, Field(gt=0)], ...] = Field((), description="other strengths of the guidance")
    fixed_patience: bool = Field(False, description="whether to run it with a patience that doesn't grow, too")
    new_weight: Ratio | None = Field(None, description="how many times likelier a newest image is in one more run")


class ShiftedSettings(FrozenSettings):
    """Shifted test sets: corruptions of the test images, and folders of other images of the same classes."""

    corruptions: Annotated[dict[Literal[tuple(CORRUPTIONS)], Strength], Renamed({"blur": "gaussian_blur"})] = Field(
        {}, description="strengths: " + "; ".join(f"{name}: {one.strength}" for name, one in CORRUPTIONS.items())
    )
    folders: dict[FolderName, Path] = Field({}, description="by the set's name, a folder with a folder per class")

    def _mistakes(self) -> Iterator[str]:
        for name, strength in self.corruptions.items():
            if strength > CORRUPTIONS[name].limit:
                yield f"corruptions: {name} ({strength:g}) is a fraction, at most {CORRUPTIONS[name].limit:g}"


class ComparisonSettings(FrozenSettings):
    """The comparison of practice with its baselines."""

    renamed: ClassVar[dict[str, str]] = {"bootstrap_draws": "n_resamples"}

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
    oversampling: tuple[Ratio, ...] = Field((), description="prune: images made for one that is kept")
    dynamic: bool = Field(True, description="whether to run the loop with plain images too (omega 0)")
    real: bool = Field(True, description="whether to train on the subtrain images too, as a ceiling")
    sweep: SweepSettings | None = None
    ablation: AblationSettings | None = None
    n_resamples: int = Field(2000, ge=100, description="resamples of seeds for the cost at equal accuracy")
    shifted: ShiftedSettings = ShiftedSettings()

    def _mistakes(self) -> Iterator[str]:
        steps, guidance, sweep, learner = self.sampling.steps, self.guidance, self.sweep, self.learner
        if isinstance(self.generator, DiffusionSettings) and steps > self.generator.noise_levels:
            yield f"sampling.steps ({steps}) must be at most generator.noise_levels ({self.generator.noise_levels})"
        if not guidance.guided_steps(steps):
            yield (
                f"guidance: start ({guidance.start:g}) and stop ({guidance.stop:g}) leave none of the {steps} steps of "
                f"sampling.steps to guide; give a start of at most {(steps - 1) / steps:g}, and a later stop"
            )
        if sweep and (sweep.omegas or sweep.oversampling):
            step, allowed = round(sweep.at * learner.iterations), learner.adding_steps
            if step not in allowed:
                yield (
                    f"sweep.at ({sweep.at:g}) is step {step} of {learner.iterations}, and images are added after "
                    f"learner.warm_up and before learner.cool_down alone, from step {allowed.start} to "
                    f"{allowed.stop - 1}"
                )
        if self.ablation and self.ablation.fixed_patience and not self.loop.patience_grows:
            yield "ablation.fixed_patience: loop.patience_grows is false, so that practice itself is this"
