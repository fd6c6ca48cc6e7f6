"""When the learner is validated, and when it has waited long enough for an improvement. No torch import."""

import math
from dataclasses import dataclass

from pydantic import Field, PositiveInt

from understudy.settings import FrozenSettings


class PatienceSettings(FrozenSettings):
    """When the learner is validated, and when it has waited long enough for an improvement."""

    initial: PositiveInt = Field(description="N: plain images at the start")
    evaluation_interval: PositiveInt | None = Field(
        None, description="tau, in iterations; null: one pass over N images"
    )
    patience: PositiveInt = Field(1, description="T_max: validations without improvement that call for more images")
    patience_grows: bool = Field(True, description="whether T_max grows in proportion to the data")

    def interval(self, batch: int) -> int:
        """Return tau for steps of ``batch`` images."""
        return self.evaluation_interval or max(math.ceil(self.initial / batch), 1)

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


@dataclass
class Patience:
    """Counts validations without improvement (T of algorithm 1).

    ``best`` is the best validation accuracy so far, ``waited`` is T.
    """

    best: float = -1.0
    waited: int = 0

    def ran_out(self, accuracy: float, maximum: int) -> bool:
        """Take in a validation accuracy; return whether T has reached ``maximum`` (T_max), T being 0 again then."""
        self.waited = 0 if accuracy > self.best else self.waited + 1
        self.best = max(self.best, accuracy)
        if self.waited < maximum:
            return False
        self.waited = 0
        return True
