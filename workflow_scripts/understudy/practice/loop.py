"""Algorithm 1 of Deliberate Practice and its baselines: one loop, in which an arm says what an addition is made of.

A run trains on N images. Every tau steps the averaged learner is validated on real images; when it has not improved for
T_max validations, P images are added. After warm-up and before cool-down alone: neither a learner that has just begun
nor one that is about to end asks for images. Just before each addition the learner is set aside, and after the run
each of these branches is cooled down on the images that were there, so that one run gives a scaling curve.
"""

import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from understudy.checkpoints import Checkpoints
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import image_statistics
from understudy.data.shards import Images
from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing
from understudy.practice.comparison_settings import LearnerSettings, PatienceSettings
from understudy.practice.images import Batch, GrowingSet, PlainPool
from understudy.practice.learner import LearnerTraining
from understudy.practice.sampling import Sampler
from understudy.practice.schedule import learning_rate
from understudy.practice.state import Progress, seconds
from understudy.practice.variants import SCALING, Arm
from understudy.progress import progress
from understudy.seeds import seed_for

STATISTICS_IMAGES = 10_000
# Plain images copied at once: a static set may be larger than memory.
POOL_READ = 5_000


@dataclass(frozen=True)
class Sources:
    """Where a run's images come from, and the real ones that drive its patience.

    ``real`` is what the arm of that name trains on, without a ``pool``; only an arm that makes its additions itself
    needs a ``sampler``.
    """

    real: Images
    validation: Images
    classes: int
    pool: PlainPool | None
    sampler: Sampler | None


def draw_places(images: int, newest: int, weight: float, count: int, chance: torch.Generator) -> np.ndarray:
    """Draw ``count`` places of ``images``, int64, the last ``newest`` being ``weight`` times as likely as others."""
    if weight == 1:
        return torch.randint(images, (count,), generator=chance).numpy()
    older = images - newest
    drawn = torch.rand(count, generator=chance, dtype=torch.float64).numpy() * (older + weight * newest)
    return np.where(drawn < older, drawn, older + (drawn - older) / weight).astype(np.int64)


class PracticeRun:
    """One arm with one seed; see :func:`run_arm`."""

    def __init__(self, arm: Arm, learner: LearnerSettings, loop: PatienceSettings, sources: Sources, seed: int,
                 folder: Path, device: torch.device, checkpoint_seconds: float):  # fmt: skip
        self.arm, self.settings, self.sources = arm, learner, sources
        self.loop = loop.model_copy(update={"patience_grows": False}) if arm.fixed_patience else loop
        self.seed, self.folder, self.device = seed, folder, device
        self.interval = loop.evaluation_interval or max(math.ceil(loop.initial / learner.batch), 1)
        self.store = Checkpoints(folder / "state", checkpoint_seconds)
        shape = sources.real.images.shape[1:]
        self.set = GrowingSet(folder / "images", arm.capacity, shape)
        self.shape = Shape(shape[0], shape[2], sources.classes)
        if self.set.is_new:
            self.store.clear()  # what they count on is lost
        found = self.store.load()
        self.progress = Progress.from_json(found[2]) if found else Progress()
        if not found:
            self._begin()
        first = self.set.images[: min(arm.initial, STATISTICS_IMAGES)]
        statistics = image_statistics(torch.from_numpy(np.ascontiguousarray(first)))
        self.learner = LearnerTraining(learner, self.shape, statistics, seed, device)
        if found:
            self.learner.load_state(found[1])

    def _begin(self) -> None:
        """Put the N first images in place."""
        arm, real = self.arm, self.sources.real
        if arm.method == "real":
            unknown = np.full(len(real.labels), np.nan, np.float32)
            self.set.put(0, Batch(real.images, real.labels, real.columns["index"].to_numpy(), unknown), 0)
        else:
            for start in range(0, arm.initial, POOL_READ):
                batch = self.sources.pool.read(start, min(POOL_READ, arm.initial - start))
                self._check_shape(batch.images.shape[1:])
                self.set.put(start, batch, 0)
            self.progress.generator_seconds = arm.initial * self.sources.pool.seconds_per_image
        self.progress.images = arm.initial

    def _check_shape(self, made: tuple[int, ...]) -> None:
        wanted = self.sources.real.images.shape[1:]
        if made != wanted:
            raise StudyError(
                f"practice: the generator makes images of shape {made} (channels, height, width), the data has "
                f"{wanted}; change practice.comparison.generator or data.size and data.channels"
            )

    # ------------------------------------------------------------------ training

    @property
    def cool_down_from(self) -> int:
        """The step at which the run itself cools down."""
        return self.settings.iterations - self.settings.cool_down_steps

    def run(self) -> None:
        """Train to the end, with additions."""
        done = self.progress
        with progress(self.settings.iterations, f"practice {self.arm.name}", "step", done=done.step) as bar:
            while done.step < self.settings.iterations or done.made is not None:
                if done.made is not None:
                    self._go_on_adding()
                else:
                    self._train(self.cool_down_from, done.images, "step")
                    self._after_step()
                    bar.update(note=f"{done.images} images, validation {max(done.patience.best, 0):.3f}")
                self._save_if_due()
        if self.arm.additions and not done.additions:
            print(
                f"warning: {self.arm.name}: patience was never reached in {done.step} iterations, so no image was "
                "added; lower practice.comparison.loop.patience or raise practice.comparison.learner.iterations",
                file=sys.stderr,
            )

    def _train(self, cool_down_from: int, images: int, name: str) -> None:
        """Take one step on images drawn from the first ``images``."""
        done = self.progress
        began = seconds(self.device)
        seed = seed_for(self.seed, name, done.step)
        newest = self.arm.added if done.additions else 0
        places = draw_places(images, newest, self.arm.new_weight, self.settings.batch, torch_generator(seed))
        x = torch.from_numpy(self.set.images[places]).to(self.device)
        labels = torch.from_numpy(self.set.columns["label"][places]).to(self.device)
        loss = self.learner.step(x, labels, learning_rate(self.settings, done.step, cool_down_from), seed)
        done.loss += float(loss)
        done.losses += 1
        done.step += 1
        done.learner_seconds += seconds(self.device) - began

    def _validate(self, branch: int, images: int) -> float:
        """Add a row to the history; return the validation accuracy."""
        done, real = self.progress, self.sources.validation
        began = seconds(self.device)
        accuracy = float((self.learner.predict(real.images)[0] == real.labels).mean())
        done.learner_seconds += seconds(self.device) - began
        loss = done.loss / max(done.losses, 1)
        if not math.isfinite(loss):
            raise StudyError(
                f"practice: {self.arm.name}: the learner's loss is not finite at iteration {done.step}; lower "
                f"practice.comparison.learner.learning_rate ({self.settings.learning_rate}). Images and "
                f"checkpoints are kept in {self.folder}"
            )
        row = {"branch": branch, "iteration": done.step, "images": images}
        done.history.append(row | {"training_loss": loss, "validation_accuracy": accuracy})
        done.loss, done.losses = 0.0, 0
        return accuracy

    def _after_step(self) -> None:
        """Validate where it is time, and begin an addition where one is due."""
        done, settings = self.progress, self.settings
        last = done.step == settings.iterations
        accuracy = self._validate(-1, done.images) if done.step % self.interval == 0 or last else None
        if done.additions == self.arm.additions or done.step not in settings.adding_steps:
            return
        if self.arm.at is not None:
            due = done.step == round(self.arm.at * settings.iterations)
        else:
            due = accuracy is not None and done.patience.ran_out(accuracy, done.images, self.loop)
        if due:
            done.made, done.seconds_before = 0, done.generator_seconds
            self._set_aside(done.additions)
            self._save()

    # ------------------------------------------------------------------ additions

    def _go_on_adding(self) -> None:
        """Make the next part of the addition under way, and end it when it is whole."""
        done, arm = self.progress, self.arm
        if arm.samples:
            count = min(self.sources.sampler.sampling.batch, arm.added - done.made)
            batch = self._guided(done.made, count)
        else:
            count = arm.added
            batch = self._plain()
        self.set.put(done.images + done.made, batch, done.additions + 1)
        done.made += count
        if done.made == arm.added:
            self._end_addition()

    def _guided(self, start: int, count: int) -> Batch:
        """Make images for the learner as it is: number i of addition k has a seed of its own, whatever omega is."""
        done = self.progress
        began = seconds(self.device)
        numbers = range(start, start + count)
        labels = np.array(numbers) % self.sources.classes
        seeds = np.array([seed_for(self.seed, "guided", done.additions, number) for number in numbers], np.int64)
        made = self.sources.sampler.sample(labels, seeds, self.learner.guide, self.arm.omega)
        done.generator_seconds += seconds(self.device) - began
        return Batch(made.images, labels, seeds, made.entropies)

    def _plain(self) -> Batch:
        """Take the pool's next images; of more than are added, those of highest entropy."""
        done, arm, pool = self.progress, self.arm, self.sources.pool
        batch = pool.read(arm.initial + done.additions * arm.candidates, arm.candidates)
        done.generator_seconds += arm.candidates * pool.seconds_per_image
        began = seconds(self.device)
        entropies = self.learner.predict(batch.images)[1]
        if arm.method == "prune":
            done.learner_seconds += seconds(self.device) - began
        # Kept in the order of the pool; equal entropies go by their place.
        kept = np.sort(np.argsort(-entropies, kind="stable")[: arm.added])
        return Batch(batch.images[kept], batch.labels[kept], batch.seeds[kept], entropies[kept])

    def _end_addition(self) -> None:
        done, arm = self.progress, self.arm
        done.additions += 1
        new = slice(done.images, done.images + arm.added)
        predicted, entropies = self.learner.predict(self.set.images[new])
        wrong = predicted != self.set.columns["label"][new]
        done.rounds.append(
            {
                "addition": done.additions,
                "iteration": done.step,
                "images": arm.added,
                "entropy": float(entropies.mean()),
                "entropy_deviation": float(entropies.std(ddof=1)) if len(entropies) > 1 else 0.0,
                "error": float(wrong.mean()),
                "seconds": done.generator_seconds - done.seconds_before,
            }
        )
        done.images += arm.added
        done.made = None
        self._save()

    # ------------------------------------------------------------------ interruption

    def _save_if_due(self) -> None:
        if self.store.due:
            self._save()

    def _save(self) -> None:
        self.set.flush()
        done = self.progress
        # Within an addition the step stays: the number of images tells its checkpoints apart.
        number = done.step + done.images + (done.made or 0)
        self.store.save(number, self.learner.state(), asdict(done))

    def _branch_path(self, branch: int) -> Path:
        return self.folder / "branches" / f"{branch}.safetensors"

    def _set_aside(self, branch: int) -> None:
        """Keep the learner as it is before its next addition."""
        if self.arm.experiment == SCALING:
            with writing(self._branch_path(branch)) as temporary:
                state = {name: value.detach().cpu().contiguous() for name, value in self.learner.state().items()}
                save_file(state, temporary)
            write_json(self._branch_path(branch).with_suffix(".json"), asdict(self.progress) | {"made": None})

    # ------------------------------------------------------------------ branches

    def branches(self) -> list[int]:
        """Return the numbers of the branches that were set aside: additions before each."""
        found = (self.folder / "branches").glob("[!.]*.safetensors")
        return sorted(int(path.stem) for path in found if int(path.stem) < self.progress.additions)

    def branch_state(self, branch: int) -> dict[str, Tensor]:
        """Return the learner before addition ``branch + 1``, as it was set aside."""
        return load_file(self._branch_path(branch))

    def cool_down(self, branch: int) -> None:
        """Go back to the learner before addition ``branch + 1`` and cool it down without adding."""
        path = self._branch_path(branch)
        self.store = Checkpoints(self.folder / f"branch-{branch}", self.store.seconds)
        found = self.store.load()
        state = found[2] if found else read_json(path.with_suffix(".json"))
        self.progress = Progress.from_json(state)
        self.learner.load_state(found[1] if found else self.branch_state(branch))
        done, began = self.progress, read_json(path.with_suffix(".json"))["step"]
        end = began + self.settings.cool_down_steps
        while done.step < end:
            self._train(began, done.images, f"branch {branch}")
            if (done.step - began) % self.interval == 0 or done.step == end:
                self._validate(branch, done.images)
            self._save_if_due()
