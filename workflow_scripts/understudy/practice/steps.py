"""The steps of a learner on images that are there, and its validations: what a run and its branches do alike."""

import math
import time
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor

from understudy.data.shards import Images
from understudy.devices import torch_generator
from understudy.errors import StudyError
from understudy.practice.comparison_settings import LearnerSettings
from understudy.practice.images import GrowingSet
from understudy.practice.learner import LearnerTraining
from understudy.practice.patience import Patience, PatienceSettings
from understudy.practice.variants import Variant
from understudy.seeds import seed_for


@dataclass(frozen=True)
class RunSettings:
    """What a run does; ``seed`` decides all that is random in it."""

    variant: Variant
    learner: LearnerSettings
    patience: PatienceSettings
    seed: int


@dataclass
class RunState:
    """All of a run's state that is no tensor; JSON-able.

    Attributes
    ----------
    step : int
        Optimizer steps taken.
    images, additions : int
        Images trained on, and how often some were added.
    made : int or None
        Images of the addition under way that are there already; None: none is under way.
    patience : Patience
    loss : float
        Sum of the losses since the last validation.
    generator_seconds, learner_seconds : float
        So far, see :func:`seconds`.
    seconds_before : float
        ``generator_seconds`` when the addition under way began.
    history : list of dict
        A row for each validation.
    rounds : list of dict
        A row for each addition.

    """

    step: int = 0
    images: int = 0
    additions: int = 0
    made: int | None = None
    patience: Patience = field(default_factory=Patience)
    loss: float = 0.0
    generator_seconds: float = 0.0
    learner_seconds: float = 0.0
    seconds_before: float = 0.0
    history: list[dict] = field(default_factory=list)
    rounds: list[dict] = field(default_factory=list)


def seconds(device: torch.device) -> float:
    """Return a clock: seconds of processor time on a CPU, where jobs share cores, else of the wall."""
    if device.type == "cpu":
        return time.process_time()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def sample_indices(images: int, newest: int, weight: float, count: int, generator: torch.Generator) -> np.ndarray:
    """Sample ``count`` of ``images`` indices, int64, the last ``newest`` being ``weight`` times as likely as others."""
    if weight == 1:
        return torch.randint(images, (count,), generator=generator).numpy()
    older = images - newest
    sampled = torch.rand(count, generator=generator, dtype=torch.float64).numpy() * (older + weight * newest)
    return np.where(sampled < older, sampled, older + (sampled - older) / weight).astype(np.int64)


class LearnerSteps:
    """What a run and its branches share, of the methods of a :class:`~understudy.training_loop.Training` among others.

    Attributes
    ----------
    branch : int
        In the history's rows; -1: the run itself.
    title : str
        What the seeds of the steps are derived from, beside the run's seed and their numbers.
    cool_down_from : int
        The step at which the learning rate begins to fall.
    """

    branch = -1
    title = "step"
    note = ""

    def __init__(self, settings: RunSettings, validation: Images, images: GrowingSet, learner: LearnerTraining):
        self.settings, self.validation, self.images, self.learner = settings, validation, images, learner
        self.state = RunState()
        self.cool_down_from = settings.learner.adding_steps.stop
        self.interval = settings.patience.interval(settings.learner.batch)

    def take_step(self) -> None:
        """Take a step on images sampled from those that are there."""
        state, variant, learner = self.state, self.settings.variant, self.settings.learner
        began = seconds(self.learner.device)
        seed = seed_for(self.settings.seed, self.title, state.step)
        newest = variant.added if state.additions else 0
        rows = sample_indices(state.images, newest, variant.new_weight, learner.batch, torch_generator(seed))
        images, labels = self.images.images[rows], self.images.columns["label"][rows]
        rate = learner.learning_rate_at(state.step, self.cool_down_from)
        state.loss += self.learner.step(images, labels, rate, seed)
        state.step += 1
        state.learner_seconds += seconds(self.learner.device) - began

    def validate(self) -> float:
        """Add a row to the history; return the accuracy on the real validation images."""
        self.check_finite()
        state = self.state
        began = seconds(self.learner.device)
        predicted, _ = self.learner.predict(self.validation.images)
        accuracy = float((predicted == self.validation.labels).mean())
        state.learner_seconds += seconds(self.learner.device) - began
        steps = state.step - (state.history[-1]["iteration"] if state.history else 0)
        row = {"branch": self.branch, "iteration": state.step, "images": state.images}
        state.history.append(row | {"training_loss": state.loss / steps, "validation_accuracy": accuracy})
        state.loss = 0.0
        return accuracy

    def check_finite(self) -> None:
        """Raise a StudyError if a loss since the last validation was not finite."""
        if not math.isfinite(self.state.loss):
            raise StudyError(
                f"practice: {self.settings.variant.name}: the learner's loss is not finite at iteration "
                f"{self.state.step}; lower practice.comparison.learner.learning_rate "
                f"({self.settings.learner.learning_rate})"
            )

    def state_dict(self) -> dict[str, Tensor]:
        """Return the learner's tensors; the images that they were trained on are on the disk by then."""
        self.images.flush()
        return self.learner.state_dict()

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take over what :meth:`state_dict` returned."""
        self.learner.load_state_dict(tensors)

    def log_dict(self) -> dict:
        """Return the rest of the state, as JSON-able data."""
        return asdict(self.state)

    def load_log_dict(self, log: dict) -> None:
        """Take over what :meth:`log_dict` returned."""
        self.state = RunState(**log | {"patience": Patience(**log["patience"])})
