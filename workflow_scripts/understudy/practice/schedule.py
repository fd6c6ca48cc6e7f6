"""The learning rate's warm-up, constant and cool-down, and the patience that asks for more images."""

import math
from dataclasses import dataclass

from understudy.practice.comparison_settings import LearnerSettings, PatienceSettings


def learning_rate(settings: LearnerSettings, step: int, cool_down_from: int) -> float:
    """Return the rate of step ``step`` (from 0): linear rise, constant, then a cosine down to 0.

    ``cool_down_from`` is the step at which the cool-down begins: a branch begins its own where it leaves the run.
    """
    rate = settings.learning_rate * min(1.0, (step + 1) / max(settings.warm_up_steps, 1))
    if step < cool_down_from:
        return rate
    progressed = (step - cool_down_from) / max(settings.cool_down_steps, 1)
    return rate * 0.5 * (1 + math.cos(math.pi * min(progressed, 1.0)))


@dataclass
class Patience:
    """Counts validations without improvement (T of algorithm 1).

    ``best`` is the best validation accuracy so far, ``waited`` is T.
    """

    best: float = -1.0
    waited: int = 0

    def ran_out(self, accuracy: float, images: int, settings: PatienceSettings) -> bool:
        """Take in a validation accuracy; return whether more images are due, T being 0 again then."""
        self.waited = 0 if accuracy > self.best else self.waited + 1
        self.best = max(self.best, accuracy)
        if self.waited < settings.patience_at(images):
            return False
        self.waited = 0
        return True
