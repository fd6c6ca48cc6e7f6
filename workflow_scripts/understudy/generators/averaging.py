"""The moving average of a generator's weights, which is what is kept and sampled from."""

import torch
from torch import Tensor


class MovingAverage:
    """An exponential average of weights whose half-life is counted in images.

    The half-life is ``half_life`` images but at most ``rampup`` times the images seen so far, so that the start is
    soon forgotten (StyleGAN2-ADA's reference setting); a half-life of 0 copies the weights.
    """

    def __init__(self, weights: dict[str, Tensor], half_life: float, rampup: float):
        self.weights = {name: value.clone() for name, value in weights.items()}
        self.half_life, self.rampup = half_life, rampup

    def update(self, weights: dict[str, Tensor], images: int, images_seen: int) -> None:
        """Take in the weights after a step of ``images``, ``images_seen`` before it."""
        half_life = min(self.half_life, images_seen * self.rampup) if self.rampup else self.half_life
        kept = 0.5 ** (images / half_life) if half_life > 0 else 0.0
        names = list(self.weights)
        torch._foreach_lerp_([self.weights[n] for n in names], [weights[n] for n in names], 1 - kept)
