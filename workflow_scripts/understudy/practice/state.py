"""How far a run has come, beside its tensors, and the clock that it is timed by."""

import time
from dataclasses import dataclass, field

import torch

from understudy.practice.schedule import Patience


@dataclass
class Progress:
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
    loss, losses : float, int
        Sum of the losses since the last validation, and of how many steps.
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
    losses: int = 0
    generator_seconds: float = 0.0
    learner_seconds: float = 0.0
    seconds_before: float = 0.0
    history: list[dict] = field(default_factory=list)
    rounds: list[dict] = field(default_factory=list)

    @classmethod
    def from_json(cls, state: dict) -> "Progress":
        """Return what ``asdict`` turned into plain data."""
        return cls(**state | {"patience": Patience(**state["patience"])})


def seconds(device: torch.device) -> float:
    """Return a clock: seconds of processor time on a CPU, where jobs share cores, else of the wall."""
    if device.type == "cpu":
        return time.process_time()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
