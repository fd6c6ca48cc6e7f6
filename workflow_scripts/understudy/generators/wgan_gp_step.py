"""One training step of WGAN-GP, for one GAN or a stack of them: some critic steps, then one of the generator."""

import copy
from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from understudy.generators.averaging import MovingAverage
from understudy.generators.batches import RealImages, StepRandom
from understudy.generators.losses import gradient_penalty
from understudy.generators.settings import WGANGPSettings
from understudy.generators.stack import Stack, descend
from understudy.generators.wgan_gp import Critic, Generator
from understudy.seeds import seed_for

STATISTICS_IMAGES = 512


class WGANGPStep:
    """The networks and optimizers of WGAN-GP and how a step changes them."""

    def __init__(self, settings: WGANGPSettings, resolution: int, channels: int, classes: int,
                 seeds: Sequence[int], steps: int, device: torch.device):  # fmt: skip
        self.settings, self.seeds, self.classes, self.device = settings, seeds, classes, device
        self.steps = steps
        build = partial(Generator, settings, resolution, channels, classes)
        self.generator = Stack(build, [seed_for(seed, "generator") for seed in seeds], device)
        build = partial(Critic, settings, resolution, channels, classes)
        self.critic = Stack(build, [seed_for(seed, "discriminator") for seed in seeds], device)
        self.average = MovingAverage(self.generator.state(), 1000 * settings.ema_kimg, settings.ema_rampup)
        self.players = {"generator": self.generator, "critic": self.critic}
        self.optimizers = {
            name: torch.optim.Adam(network.trainable, lr=settings.learning_rate, betas=(0.0, 0.9), fused=True)
            for name, network in self.players.items()
        }
        self.scalars: dict[str, Tensor] = {}

    @staticmethod
    def images_per_step(settings: WGANGPSettings) -> int:
        """Return how many real images a step shows to each discriminator."""
        return settings.batch * settings.critic_steps

    def step(self, number: int, real: RealImages) -> tuple[Tensor, Tensor]:
        """Take step ``number`` (from 0) and return the losses of generator and critic, [members] each."""
        s, random = self.settings, StepRandom(self.seeds, number, self.device)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = s.learning_rate * (1 - number / self.steps)
        for k in range(s.critic_steps):
            images, labels = real.take((number * s.critic_steps + k) * s.batch, s.batch)
            critic_value = self._train_critic(random, real, images, labels)
        generator_value = self._train_generator(random, real)
        seen = self.images_per_step(s)
        self.average.update(self.generator.state(), seen, number * seen)
        return generator_value, critic_value

    def snapshot(self, number: int) -> dict[str, Tensor]:
        """Return the averaged generator's weights and its normalisation's statistics, [members, ...] each.

        Statistics are those of a large batch of the averaged weights themselves, which no step has ever used.
        """
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

    def _fakes(self, random: StepRandom, real: RealImages, count: int) -> tuple[Tensor, Tensor]:
        labels = real.one_hot(random.labels(count, self.classes))
        return self.generator(random.normal(count, self.settings.latent), labels), labels

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
        outputs = self.critic(torch.cat([images, fakes], dim=1))
        of_real, of_fake = outputs.chunk(2, dim=1)
        distance = of_real[..., 0].mean(dim=1) - of_fake[..., 0].mean(dim=1)
        mixed = torch.lerp(images, fakes, random.uniform(s.batch, 1, 1, 1)).requires_grad_()
        penalty = gradient_penalty(self.critic(mixed)[..., 0], mixed, s.gradient_penalty)
        loss = penalty - distance + s.critic_class_weight * self._class_loss(of_real, labels)
        descend(loss, self.critic, self.optimizers["critic"])
        return loss.detach()

    def _train_generator(self, random: StepRandom, real: RealImages) -> Tensor:
        s = self.settings
        fakes, labels = self._fakes(random, real, s.batch * s.generator_batch_factor)
        outputs = self.critic(fakes)
        loss = -outputs[..., 0].mean(dim=1) + s.generator_class_weight * self._class_loss(outputs, labels)
        descend(loss, self.generator, self.optimizers["generator"])
        return loss.detach()
