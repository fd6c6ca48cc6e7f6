"""Algorithm 1 of Deliberate Practice and its baselines: one loop, to which a variant says what an addition is made of.

A run trains on N images. Every tau steps the averaged learner is validated on real images; when it has not improved for
T_max validations, P images are added. After warm-up and before cool-down alone: neither a learner that has just begun
nor one that is about to end asks for images. Just before each addition the learner is set aside, and after the run
each of these branches is cooled down on the images that were there, so that one run gives a scaling curve.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from understudy.checkpoints import Checkpoints
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import image_statistics
from understudy.data.shards import Images
from understudy.errors import StudyError
from understudy.practice.additions import make_additions
from understudy.practice.images import GrowingSet, ImageBatch
from understudy.practice.learner import LearnerTraining
from understudy.practice.pool import PlainPool
from understudy.practice.sampling import Sampler
from understudy.practice.steps import LearnerSteps, RunSettings
from understudy.practice.variants import Variant

STATISTICS_IMAGES = 10_000
# Plain images copied at once: a static set may be larger than memory.
POOL_READ = 5_000


@dataclass(frozen=True)
class Sources:
    """Where a run's images come from, and the real ones that drive its patience.

    ``real`` is what the variant of that name trains on, without a ``pool``; only a variant that makes its additions
    itself needs a ``sampler``.
    """

    real: Images
    validation: Images
    classes: int
    pool: PlainPool | None
    sampler: Sampler | None


class PracticeRun(LearnerSteps):
    """One variant with one seed; a :class:`~understudy.training_loop.Training`.

    Steps and images are counted together, so that checkpoints are told apart within an addition too.

    Parameters
    ----------
    folder : Path
        The run's images, checkpoints and branches; a run that was killed goes on from there, exactly.
    """

    def __init__(self, settings: RunSettings, sources: Sources, folder: Path, device: torch.device):
        variant, image_shape = settings.variant, sources.real.images.shape[1:]
        self.folder, self.sources = folder, sources
        self.shape = Shape(image_shape[0], image_shape[2], sources.classes)
        self.checkpoints = Checkpoints(folder / "state")
        images = GrowingSet(folder / "images", variant.capacity, image_shape)
        if images.is_new:
            self.checkpoints.clear()  # what they count on is lost
        if self.checkpoints.load() is None:
            self._fill(images, variant)
        first = np.ascontiguousarray(images.images[: min(variant.initial, STATISTICS_IMAGES)])
        learner = LearnerTraining(
            settings.learner, self.shape, image_statistics(torch.from_numpy(first)), settings.seed, device
        )
        super().__init__(settings, sources.validation, images, learner)
        self.additions = make_additions(variant, settings.seed, sources.pool, sources.sampler)
        self.state.images = self.done = variant.initial
        if variant.plain_images:
            self.state.generator_seconds = variant.initial * sources.pool.seconds_per_image

    def _fill(self, images: GrowingSet, variant: Variant) -> None:
        """Put the N first images in place."""
        real, pool = self.sources.real, self.sources.pool
        if variant.method == "real":
            images.put(0, ImageBatch(real.images, real.labels, real.columns["index"].to_numpy()), 0)
            return
        for start in range(0, variant.initial, POOL_READ):
            batch = pool.read(start, min(POOL_READ, variant.initial - start))
            made, wanted = batch.images.shape[1:], real.images.shape[1:]
            if made != wanted:
                raise StudyError(
                    f"practice: the generator makes images of shape {made} (channels, height, width), the data has "
                    f"{wanted}; change practice.comparison.generator or data.size and data.channels"
                )
            images.put(start, batch, 0)

    @property
    def total(self) -> int:
        """Steps, and images: those that are there or, while additions may come, those that may be."""
        may_grow = self.state.step < self.cool_down_from
        return self.settings.learner.iterations + (self.settings.variant.capacity if may_grow else self.state.images)

    # ------------------------------------------------------------------ algorithm 1

    def advance(self) -> None:
        """Go on with the addition under way; else take a step, validate every tau steps, and see if images are due."""
        if self.state.made is not None:
            self._add()
            return
        self.take_step()
        self.done += 1
        accuracy = None
        if self.state.step % self.interval == 0 or self.state.step == self.settings.learner.iterations:
            accuracy = self.validate()
        if self._asks_for_images(accuracy):
            self._set_aside()
            self.state.made, self.state.seconds_before = 0, self.state.generator_seconds

    def _asks_for_images(self, accuracy: float | None) -> bool:
        """Whether an addition is due: patience has run out, or it is the step of a sweep."""
        state, settings = self.state, self.settings
        variant = settings.variant
        if state.additions == variant.additions or state.step not in settings.learner.adding_steps:
            return False
        if variant.at is not None:
            return state.step == round(variant.at * settings.learner.iterations)
        images = settings.patience.initial if variant.fixed_patience else state.images
        return accuracy is not None and state.patience.ran_out(accuracy, settings.patience.patience_at(images))

    def _add(self) -> None:
        """Add the next part, made for the learner as it is; with the last one the addition ends."""
        state = self.state
        part = self.additions.make(state.additions, state.made, self.learner)
        self.images.put(state.images + state.made, part.images, state.additions + 1)
        state.made += len(part.images.labels)
        self.done += len(part.images.labels)
        state.generator_seconds += part.generator_seconds
        state.learner_seconds += part.learner_seconds
        if state.made == self.settings.variant.added:
            self._end_addition()

    def _end_addition(self) -> None:
        """Count the new images in, and tell how hard they are."""
        state = self.state
        new = slice(state.images, state.images + state.made)
        predicted, entropies = self.learner.predict(self.images.images[new])
        wrong = predicted != self.images.columns["label"][new]
        state.images, state.additions, state.made = new.stop, state.additions + 1, None
        row = {"addition": state.additions, "iteration": state.step, "images": len(wrong), "error": float(wrong.mean())}
        row["entropy"] = float(entropies.mean())
        row["entropy_deviation"] = float(entropies.std(ddof=1)) if len(entropies) > 1 else 0.0
        state.rounds.append(row | {"seconds": state.generator_seconds - state.seconds_before})

    # ------------------------------------------------------------------ branches

    def aside(self, additions: int) -> Checkpoints:
        """Return where the learner that has seen so many additions is set aside before the next one."""
        return Checkpoints(self.folder / "branches" / str(additions))

    def _set_aside(self) -> None:
        if self.settings.variant.branches:
            self.aside(self.state.additions).save(self.state.step, self.state_dict(), self.log_dict())


class CoolDown(LearnerSteps):
    """A branch: the learner as it was before its next addition, cooled down on the images that were there."""

    def __init__(self, run: PracticeRun, number: int):
        super().__init__(run.settings, run.validation, run.images, run.learner)
        self.branch, self.title = number, f"branch {number}"
        self.cool_down_from, tensors, log = run.aside(number).load()
        self.load_log_dict(log)
        self.load_state_dict(tensors)
        self.checkpoints = Checkpoints(run.folder / f"branch-{number}")
        self.total, self.done = run.settings.learner.cool_down_steps, 0

    def advance(self) -> None:
        """Take a step; validate every tau steps, and at the end."""
        self.take_step()
        self.done += 1
        if self.done % self.interval == 0 or self.done == self.total:
            self.validate()
