"""One training step of WGAN-GP, for one GAN or a stack of them: some critic steps, then one of the generator.

The critic is what other methods call the discriminator.
"""

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from understudy.generators.adversarial import AdversarialStep, descend
from understudy.generators.batches import RealImages, StepRandom
from understudy.generators.losses import gradient_penalty
from understudy.generators.settings import WGANGPSettings
from understudy.generators.wgan_gp import WGANGPCritic, WGANGPGenerator
from understudy.seeds import seed_for

STATISTICS_IMAGES = 512


class WGANGPStep(AdversarialStep):
    """The networks and optimizers of WGAN-GP and how a step changes them."""

    generator_class = WGANGPGenerator
    discriminator_class = WGANGPCritic
    discriminator_sees_labels = False

    def __init__(self, settings: WGANGPSettings, resolution: int, channels: int, classes: int,
                 seeds: Sequence[int], device: torch.device):  # fmt: skip
        super().__init__(settings, resolution, channels, classes, seeds, device)
        self.optimizers = {
            name: torch.optim.Adam(stacked.parameters.values(), lr=settings.learning_rate, betas=(0.0, 0.9), fused=True)
            for name, stacked in self.networks.items()
        }

    def step(self, number: int, real: RealImages) -> tuple[Tensor, Tensor]:
        s, random = self.settings, StepRandom(self.seeds, number, self.device)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = s.learning_rate * (1 - number / s.steps)
        for k in range(s.critic_steps):
            images, labels = real.take((number * s.critic_steps + k) * s.batch, s.batch)
            critic_value = self._train_critic(random, real, images, labels)
        generator_value = self._train_generator(random, real)
        self._update_average(number)
        return generator_value, critic_value

    def snapshot(self, number: int) -> dict[str, Tensor]:
        # The normalisation's statistics are those of a large batch of the averaged weights, which no step has used.
        random = StepRandom([seed_for(seed, "statistics") for seed in self.seeds], number, self.device)
        numbers = random.normal(STATISTICS_IMAGES, self.settings.latent)
        labels = torch.arange(STATISTICS_IMAGES, device=self.device) % self.classes
        one_hot = F.one_hot(labels, self.classes).float()
        network = copy.deepcopy(self.generator.network)
        states = []
        for member in range(len(self.seeds)):
            weights = {name: value[member] for name, value in self.average.weights.items()}
            network.load_state_dict(weights, strict=False)
            network.record_statistics(numbers[member], one_hot)
            states.append({name: value.clone() for name, value in network.state_dict().items()})
        return {name: torch.stack([state[name] for state in states]) for name in states[0]}

    def _class_loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the cross-entropy [members] of the class logits [members, N, 1 + classes]."""
        if self.classes == 1:
            return torch.zeros(len(self.seeds), device=self.device)
        return -(F.log_softmax(outputs[..., 1:], dim=2) * labels).sum(dim=2).mean(dim=1)

    def _train_critic(self, random: StepRandom, real: RealImages, images: Tensor, labels: Tensor) -> Tensor:
        s = self.settings
        with torch.no_grad():
            # Fakes are of the same classes as the real images: the penalty then mixes images of one class.
            fakes = self.generator(random.normal(s.batch, s.latent), labels)
        outputs = self.discriminator(torch.cat([images, fakes], dim=1))
        of_real, of_fake = outputs.chunk(2, dim=1)
        distance = of_real[..., 0].mean(dim=1) - of_fake[..., 0].mean(dim=1)
        mixed = torch.lerp(images, fakes, random.uniform(s.batch, 1, 1, 1)).requires_grad_()
        penalty = gradient_penalty(self.discriminator(mixed)[..., 0], mixed, s.gradient_penalty)
        loss = penalty - distance + s.critic_class_weight * self._class_loss(of_real, labels)
        descend(loss, self.discriminator, self.optimizers["discriminator"])
        return loss.detach()

    def _train_generator(self, random: StepRandom, real: RealImages) -> Tensor:
        s = self.settings
        fakes, labels = self._fakes(random, real, s.batch * s.generator_batch_factor)
        outputs = self.discriminator(fakes)
        loss = -outputs[..., 0].mean(dim=1) + s.generator_class_weight * self._class_loss(outputs, labels)
        descend(loss, self.generator, self.optimizers["generator"])
        return loss.detach()
