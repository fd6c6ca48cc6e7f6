"""Training recipes: what SGD does, for how long, and how images are augmented (no torch import).

The published values are those of the paper's appendix F, which names the recipes of a public CIFAR-10
collection; `published.py` gives one recipe to each of its 17 architectures.
"""

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from understudy.settings import FrozenSettings, Renamed


class Recipe(FrozenSettings):
    """How one architecture is trained.

    The defaults are what the published recipes share: SGD with Nesterov momentum 0.9, batches of 128, learning
    rate 0.1, weight decay 1e-4, crops of 4 pixels, horizontal flips, no warm-up.
    """

    renamed: ClassVar[dict[str, str]] = {"least_epochs": "min_epochs"}

    epochs: int = Field(160, ge=1, description="Passes over the training images; `steps` wins over it.")
    steps: int | None = Field(
        None,
        ge=1,
        description="Optimizer steps in all, so that a small split is trained as long as a large one: the number "
        "of epochs is the whole number that comes nearest, at least `min_epochs`.",
    )
    min_epochs: int = Field(1, ge=1, description="Epochs at least, where `steps` says how long to train.")
    schedule: Literal["milestones", "cosine"] = Field(
        "milestones", description="Learning rate: multiplied by gamma at the milestones, or cosine down to zero."
    )
    milestones: tuple[float, ...] = Field(
        (0.5, 0.75), description="Fractions of the training at which the learning rate falls (milestones only)."
    )
    gamma: float = Field(0.1, gt=0, le=1, description="Factor at each milestone.")
    batch_size: int = Field(128, ge=2, description="Images a step; the last, incomplete batch is dropped.")
    learning_rate: float = Field(0.1, gt=0, description="At the first step (there is no warm-up).")
    momentum: float = Field(0.9, ge=0, lt=1)
    nesterov: bool = True
    weight_decay: float = Field(1e-4, ge=0, description="On all parameters, normalisation included.")
    crop: int = Field(4, ge=0, description="Black pixels added on each side before a random crop; 0 for none.")
    flip: bool = Field(True, description="Horizontal flip with probability 1/2.")
    cutout: int = Field(0, ge=0, description="Side in pixels of a square of mean colour; 0 for none.")

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if any(not 0 < m < 1 for m in self.milestones) or list(self.milestones) != sorted(self.milestones):
            raise ValueError(
                f"milestones {list(self.milestones)}: rising fractions of the training, between 0 and 1, allowed"
            )
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov: true needs a momentum above 0")
        return self

    def updated(self, overrides: dict) -> "Recipe":
        """This recipe with some fields replaced; unknown fields raise pydantic's ValidationError."""
        return Recipe.model_validate(self.model_dump() | overrides)

    def batch_size_for(self, images: int) -> int:
        """Images a step: the recipe's batch size, or all images where there are fewer."""
        return min(self.batch_size, images)

    def steps_per_epoch(self, images: int) -> int:
        """Steps in one pass over `images` training images."""
        return images // self.batch_size_for(images)

    def epochs_for(self, images: int) -> int:
        """Epochs on `images` training images."""
        if self.steps is None:
            return self.epochs
        return max(self.min_epochs, round(self.steps / self.steps_per_epoch(images)))

    def learning_rate_at(self, step: int, total: int) -> float:
        """Learning rate of step `step` (from 0) of `total`."""
        progress = step / total
        if self.schedule == "cosine":
            return self.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
        return self.learning_rate * self.gamma ** sum(progress >= m for m in self.milestones)


RecipeFields = Annotated[dict[str, Any], Renamed(Recipe.renamed)]
"""Some fields of a recipe, which replace those of another."""


def snapshot_epochs(epochs: int, snapshots: int) -> list[int]:
    """Epochs (from 1) after which weights are kept: `snapshots` of them at most, evenly spread, the last included.

    At most 40 whatever is asked: every epoch of a large network would be terabytes.
    """
    count = min(snapshots, epochs, 40)
    return sorted({round(epochs * i / count) for i in range(1, count + 1)})
