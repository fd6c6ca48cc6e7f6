"""One training step of StyleGAN2 with ADA, for one GAN or a stack of them."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from understudy.devices import multiplies_bfloat16
from understudy.generators.augmentation import Augmentation, adjust_probability
from understudy.generators.averaging import MovingAverage
from understudy.generators.batches import RealImages, StepRandom
from understudy.generators.layers import multiply_in
from understudy.generators.losses import discriminator_loss, generator_loss, path_lengths, r1_penalty
from understudy.generators.settings import StyleGAN2Settings
from understudy.generators.stack import Stack, descend
from understudy.generators.stylegan2 import Discriminator, Generator
from understudy.seeds import seed_for

PATH_LENGTH_DECAY = 0.01
PATH_LENGTH_SHARE = 2  # the penalty is taken on every second image, since it is costly


class StyleGAN2Step:
    """The networks, optimizers and augmentation of StyleGAN2 and how a step changes them."""

    def __init__(self, settings: StyleGAN2Settings, resolution: int, channels: int, classes: int,
                 seeds: Sequence[int], steps: int, device: torch.device):  # fmt: skip
        del steps  # the learning rate is constant
        self.settings, self.seeds, self.classes, self.device = settings, seeds, classes, device
        build = partial(Generator, settings, resolution, channels, classes)
        self.generator = Stack(build, [seed_for(seed, "generator") for seed in seeds], device)
        build = partial(Discriminator, settings, resolution, channels, classes)
        self.discriminator = Stack(build, [seed_for(seed, "discriminator") for seed in seeds], device)
        if settings.precision == "bfloat16" or (settings.precision == "auto" and multiplies_bfloat16(device)):
            for player in self.players.values():
                multiply_in(player.network, torch.bfloat16)
        self.average = MovingAverage(self.generator.state(), 1000 * settings.ema_kimg, settings.ema_rampup)
        self.augmentation = Augmentation(settings.augmentations, resolution, channels).to(device)
        s = settings
        lazy = s.path_length_weight > 0 or s.lazy_generator
        self.generator_optimizer = self._adam(self.generator, s.path_length_interval if lazy else 0)
        self.discriminator_optimizer = self._adam(self.discriminator, s.r1_interval if s.r1_gamma else 0)
        members = len(seeds)
        self.p = torch.zeros(members, device=device)
        self.signs = torch.zeros(members, device=device)  # sum of mean signs since p was last adjusted
        self.r = torch.zeros(members, device=device)
        self.mean_path_length = torch.zeros(members, device=device)

    @staticmethod
    def images_per_step(settings: StyleGAN2Settings) -> int:
        """Return how many real images a step shows to each discriminator."""
        return settings.batch

    def _adam(self, network: Stack, interval: int) -> torch.optim.Adam:
        # A lazy penalty is one more step every `interval`: the rate and decays are lowered to make up for it.
        c = interval / (interval + 1) if interval else 1.0
        rate = self.settings.learning_rate * c
        return torch.optim.Adam(network.trainable, lr=rate, betas=(0.0, 0.99**c), eps=1e-8, fused=True)

    @property
    def optimizers(self) -> dict[str, torch.optim.Adam]:
        """The optimizers by name, for checkpoints."""
        return {"generator": self.generator_optimizer, "discriminator": self.discriminator_optimizer}

    @property
    def players(self) -> dict[str, Stack]:
        """The networks by name, for checkpoints."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def scalars(self) -> dict[str, Tensor]:
        """The rest of the state, tensors [members] changed in place, by name."""
        return {"p": self.p, "signs": self.signs, "r": self.r, "mean_path_length": self.mean_path_length}

    def step(self, number: int, real: RealImages) -> tuple[Tensor, Tensor]:
        """Take step ``number`` (from 0) and return the losses of generator and discriminator, [members] each."""
        s, random = self.settings, StepRandom(self.seeds, number, self.device)
        images, labels = real.take(number * s.batch, s.batch)
        generator_value = self._train_generator(random, real)
        if s.path_length_weight and number % s.path_length_interval == 0:
            self._regularise_generator(random, real)
        discriminator_value, signs = self._train_discriminator(random, real, images, labels)
        if s.r1_gamma and number % s.r1_interval == 0:
            self._regularise_discriminator(random, images, labels)
        self.average.update(self.generator.state(), s.batch, number * s.batch)
        self._adjust_augmentation(number, signs)
        return generator_value, discriminator_value

    def snapshot(self, number: int) -> dict[str, Tensor]:
        """Return the averaged generator's weights, [members, ...] each."""
        return self.average.weights

    def _fakes(self, random: StepRandom, real: RealImages, count: int) -> tuple[Tensor, Tensor]:
        labels = random.labels(count // real.group, self.classes).repeat_interleave(real.group, dim=1)
        labels = real.one_hot(labels)
        return self.generator(random.normal(count, self.generator.network.random_numbers), labels), labels

    def _augment(self, images: Tensor, random: StepRandom) -> Tensor:
        if self.settings.ada_target == 0 or not self.settings.augmentations:
            return images
        members, count = images.shape[:2]
        uniform = random.uniform(count, self.augmentation.numbers).flatten(0, 1)
        augmented = self.augmentation(images.flatten(0, 1), self.p.repeat_interleave(count), uniform)
        return augmented.unflatten(0, (members, count))

    def _train_generator(self, random: StepRandom, real: RealImages) -> Tensor:
        fakes, labels = self._fakes(random, real, self.settings.batch)
        loss = generator_loss(self.discriminator(self._augment(fakes, random), labels))
        descend(loss, self.generator, self.generator_optimizer)
        return loss.detach()

    def _train_discriminator(self, random: StepRandom, real: RealImages, images: Tensor, labels: Tensor
                             ) -> tuple[Tensor, Tensor]:  # fmt: skip
        with torch.no_grad():
            fakes, fake_labels = self._fakes(random, real, self.settings.batch)
        both = self._augment(torch.cat([images, fakes], dim=1), random)
        logits = self.discriminator(both, torch.cat([labels, fake_labels], dim=1))
        real_logits, fake_logits = logits.chunk(2, dim=1)
        loss = discriminator_loss(real_logits, fake_logits)
        descend(loss, self.discriminator, self.discriminator_optimizer)
        return loss.detach(), real_logits.detach().sign().mean(dim=1)

    def _regularise_discriminator(self, random: StepRandom, images: Tensor, labels: Tensor) -> None:
        images = images.requires_grad_()
        logits = self.discriminator(self._augment(images, random), labels)
        penalty = r1_penalty(logits, images, self.settings.r1_gamma)
        descend(penalty * self.settings.r1_interval, self.discriminator, self.discriminator_optimizer)

    def _regularise_generator(self, random: StepRandom, real: RealImages) -> None:
        count = max(self.settings.batch // PATH_LENGTH_SHARE, 1)
        offset = torch.zeros(len(self.seeds), count, self.settings.latent, device=self.device, requires_grad=True)
        labels = real.one_hot(random.labels(count, self.classes))
        fakes = self.generator(random.normal(count, self.generator.network.random_numbers), labels, offset)
        lengths = path_lengths(fakes, offset, random.normal(count, *fakes.shape[2:]))
        self.mean_path_length.lerp_(lengths.detach().mean(dim=1), PATH_LENGTH_DECAY)
        penalty = (lengths - self.mean_path_length[:, None]).square().mean(dim=1) * self.settings.path_length_weight
        descend(penalty * self.settings.path_length_interval, self.generator, self.generator_optimizer)

    def _adjust_augmentation(self, number: int, signs: Tensor) -> None:
        s = self.settings
        self.signs += signs
        if (number + 1) % s.ada_interval == 0:
            self.r.copy_(self.signs / s.ada_interval)
            if s.ada_target:
                self.p.copy_(adjust_probability(self.p, self.r, s.ada_target, s.batch * s.ada_interval, s.ada_kimg))
            self.signs.zero_()
