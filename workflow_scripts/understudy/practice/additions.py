"""What an addition is made of: guided images, plain ones, or those of highest entropy among many plain ones."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from understudy.practice.images import ImageBatch
from understudy.practice.learner import LearnerTraining
from understudy.practice.pool import PlainPool
from understudy.practice.sampling import Sampler
from understudy.practice.steps import seconds
from understudy.practice.variants import Variant
from understudy.seeds import seed_for


@dataclass(frozen=True)
class Part:
    """A part of an addition, its images with the learner's entropies, and the seconds that they took."""

    images: ImageBatch
    generator_seconds: float
    learner_seconds: float = 0.0


class Additions(Protocol):
    """Where a run's additions come from."""

    def make(self, addition: int, start: int, learner: LearnerTraining) -> Part:
        """Return the next images of addition number ``addition`` (from 0), of which ``start`` are there."""


class GuidedAdditions:
    """Images made for the learner as it is: number i of addition k has a seed of its own, whatever omega is."""

    def __init__(self, sampler: Sampler, variant: Variant, seed: int):
        self.sampler, self.variant, self.seed = sampler, variant, seed

    def make(self, addition: int, start: int, learner: LearnerTraining) -> Part:
        """Make a batch of the sampler's."""
        began = seconds(learner.device)
        numbers = range(start, min(start + self.sampler.sampling.batch, self.variant.added))
        labels = np.array(numbers) % self.sampler.denoiser.classes
        seeds = np.array([seed_for(self.seed, "guided", addition, number) for number in numbers], np.int64)
        images = self.sampler.sample(labels, seeds, learner.guide, self.variant.omega)
        return Part(images, seconds(learner.device) - began)


class PlainAdditions:
    """The pool's next images, all at once."""

    def __init__(self, pool: PlainPool, variant: Variant):
        self.pool, self.variant = pool, variant

    def candidates(self, addition: int, learner: LearnerTraining) -> Part:
        """Return the plain images that an addition is taken from."""
        count = self.variant.candidates
        images = self.pool.read(self.variant.initial + addition * count, count)
        began = seconds(learner.device)
        images = replace(images, entropies=learner.predict(images.images)[1])
        return Part(images, count * self.pool.seconds_per_image, seconds(learner.device) - began)

    def make(self, addition: int, start: int, learner: LearnerTraining) -> Part:
        """Take them all. The entropies are recorded only; the method does not use them."""
        return replace(self.candidates(addition, learner), learner_seconds=0.0)


class PrunedAdditions(PlainAdditions):
    """Of the pool's next images those of highest entropy."""

    def make(self, addition: int, start: int, learner: LearnerTraining) -> Part:
        """Keep them in the order of the pool; of equal entropies the first ones."""
        part = self.candidates(addition, learner)
        kept = np.sort(np.argsort(-part.images.entropies, kind="stable")[: self.variant.added])
        return replace(part, images=ImageBatch(*(values[kept] for values in vars(part.images).values())))


def make_additions(variant: Variant, seed: int, pool: PlainPool | None, sampler: Sampler | None) -> Additions:
    """Return where the additions of a run come from."""
    if variant.samples:
        return GuidedAdditions(sampler, variant, seed)
    return PrunedAdditions(pool, variant) if variant.method == "prune" else PlainAdditions(pool, variant)
