"""What the training steps of all methods share: stacked networks, their optimizers, the average, and their state."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from understudy.checkpoints import adam_tensors, copy_tensors, load_adam
from understudy.generators.batches import RealImages, StepRandom
from understudy.generators.settings import TrainingSettings
from understudy.generators.stacking import StackedNetworks
from understudy.moving_average import MovingAverage
from understudy.seeds import seed_for


class AdversarialStep(ABC):
    """The networks of one GAN, or of several that are stacked, and how a step changes them.

    Attributes
    ----------
    networks : the stacked generators and discriminators, by these names
    optimizers : theirs, which a method makes
    average : of the generators' weights
    scalars : the rest of the state, tensors [members] changed in place, by name

    """

    generator_class: ClassVar[type[nn.Module]]
    discriminator_class: ClassVar[type[nn.Module]]
    discriminator_sees_labels: ClassVar[bool]

    def __init__(self, settings: TrainingSettings, resolution: int, channels: int, classes: int, seeds: Sequence[int],
                 device: torch.device):  # fmt: skip
        self.settings, self.classes, self.seeds, self.device = settings, classes, seeds, device
        kinds = {"generator": self.generator_class, "discriminator": self.discriminator_class}
        self.networks = {
            name: StackedNetworks(
                partial(kind, settings, resolution, channels, classes), [seed_for(seed, name) for seed in seeds], device
            )
            for name, kind in kinds.items()
        }
        self.generator, self.discriminator = self.networks.values()
        self.average = MovingAverage(self.generator.state_dict())
        self.optimizers: dict[str, torch.optim.Adam] = {}
        self.scalars: dict[str, Tensor] = {}

    @abstractmethod
    def step(self, number: int, real: RealImages) -> tuple[Tensor, Tensor]:
        """Take step ``number`` (from 0) and return the losses of generator and discriminator, [members] each."""

    @abstractmethod
    def snapshot(self, number: int) -> dict[str, Tensor]:
        """Return what makes images after step ``number``: the averaged generator's tensors, [members, ...] each."""

    def _fakes(self, random: StepRandom, real: RealImages, count: int) -> tuple[Tensor, Tensor]:
        """Return generated images and their one-hot labels, in groups of a class where the real images are."""
        labels = random.labels(count // real.group, self.classes).repeat_interleave(real.group, dim=1)
        one_hot = real.one_hot(labels)
        return self.generator(random.normal(count, self.generator.network.random_numbers), one_hot), one_hot

    def _update_average(self, number: int) -> None:
        images_seen = number * self.settings.images_per_step
        self.average.update(self.generator.state_dict(), self.settings.average_decay(images_seen))

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that steps change, by name."""
        named = {f"average.{key}": value for key, value in self.average.weights.items()}
        named |= {f"scalar.{key}": value for key, value in self.scalars.items()}
        for name, stacked in self.networks.items():
            named |= {f"{name}.{key}": value for key, value in stacked.state_dict().items()}
            named |= adam_tensors(self.optimizers[name], stacked.parameters, f"optimizer.{name}.")
        return named

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        for name, stacked in self.networks.items():
            load_adam(self.optimizers[name], stacked.parameters, tensors, f"optimizer.{name}.")
        copy_tensors(tensors, self.state_dict())


def descend(loss: Tensor, stacked: StackedNetworks, optimizer: torch.optim.Optimizer) -> None:
    """Take an optimizer step on the weights of ``stacked``, and of no other, along the gradient of ``loss`` [members].

    Members share no weights, so the gradient of the sum is every member's own.
    """
    weights = list(stacked.parameters.values())
    # A weight that has no part in the loss, as the discriminator's last bias in a gradient penalty, is stepped with a
    # gradient of zero: Adam's averages decay for it as for the others.
    gradients = torch.autograd.grad(loss.sum(), weights, materialize_grads=True)
    for weight, gradient in zip(weights, gradients, strict=True):
        # A convolution's second derivative comes with permuted strides; fused Adam reads memory in order all the same
        # and would step each weight along another one's gradient.
        weight.grad = gradient.contiguous()
    optimizer.step()
