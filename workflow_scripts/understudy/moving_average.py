"""The moving average of a network's weights, which is what is kept and sampled from."""

from collections.abc import Mapping

import torch
from torch import Tensor


class MovingAverage:
    """An exponential average of weights by name."""

    def __init__(self, weights: Mapping[str, Tensor]):
        self.weights = {name: value.detach().clone() for name, value in weights.items()}

    @torch.no_grad()
    def update(self, weights: Mapping[str, Tensor], decay: float) -> None:
        """Take in the weights after a step; the average keeps the fraction ``decay`` of itself."""
        torch._foreach_lerp_(list(self.weights.values()), [weights[name] for name in self.weights], 1 - decay)
