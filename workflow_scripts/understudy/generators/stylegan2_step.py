"""One training step of StyleGAN2 with ADA, for one GAN or a stack of them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from understudy.devices import multiplies_bfloat16
from understudy.generators.adversarial import AdversarialStep, descend
from understudy.generators.augmentation import AdaptiveAugmentation, adjust_probability
from understudy.generators.batches import RealImages, StepRandom
from understudy.generators.layers import multiply_in
from understudy.generators.losses import discriminator_loss, generator_loss, path_lengths, r1_penalty
from understudy.generators.settings import StyleGAN2Settings
from understudy.generators.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator

PATH_LENGTH_DECAY = 0.01
IMAGES_PER_PATH_LENGTH = 2  # the penalty is taken on every second image, since it is costly


class StyleGAN2Step(AdversarialStep):
    """The networks, optimizers and augmentation of StyleGAN2 and how a step changes them."""

    generator_class = StyleGAN2Generator
    discriminator_class = StyleGAN2Discriminator
    discriminator_sees_labels = True

    def __init__(self, settings: StyleGAN2Settings, resolution: int, channels: int, classes: int,
                 seeds: Sequence[int], device: torch.device):  # fmt: skip
        super().__init__(settings, resolution, channels, classes, seeds, device)
        if settings.precision == "bfloat16" or (settings.precision == "auto" and multiplies_bfloat16(device)):
            for stacked in self.networks.values():
                multiply_in(stacked.network, torch.bfloat16)
        self.augmentation = AdaptiveAugmentation(settings.augmentations, resolution, channels).to(device)
        lazy = settings.path_length_weight > 0 or settings.lazy_generator
        self.optimizers = {
            "generator": self._adam("generator", settings.path_length_interval if lazy else 0),
            "discriminator": self._adam("discriminator", settings.r1_interval if settings.r1_gamma else 0),
        }
        # `signs` is the sum of the mean signs of so many `batches` of real images since p was last adjusted.
        names = ("p", "signs", "batches", "r", "mean_path_length")
        self.scalars = {name: torch.zeros(len(seeds), device=device) for name in names}

    def _adam(self, name: str, interval: int) -> torch.optim.Adam:
        # A lazy penalty is one more step every `interval`: the rate and decays are lowered to make up for it.
        c = interval / (interval + 1) if interval else 1.0
        weights = self.networks[name].parameters.values()
        return torch.optim.Adam(weights, lr=self.settings.learning_rate * c, betas=(0.0, 0.99**c), eps=1e-8, fused=True)

    def step(self, number: int, real: RealImages) -> tuple[Tensor, Tensor]:
        s, random = self.settings, StepRandom(self.seeds, number, self.device)
        images, labels = real.take(number * s.batch, s.batch)
        generator_value = self._train_generator(random, real)
        if s.path_length_weight and number % s.path_length_interval == 0:
            self._regularise_generator(random, real)
        discriminator_value = self._train_discriminator(random, real, images, labels)
        if s.r1_gamma and number % s.r1_interval == 0:
            self._regularise_discriminator(random, images, labels)
        self._update_average(number)
        if (number + 1) % s.ada_interval == 0:
            self._adjust_augmentation()
        return generator_value, discriminator_value

    def snapshot(self, number: int) -> dict[str, Tensor]:
        return self.average.weights

    def _augment(self, images: Tensor, random: StepRandom) -> Tensor:
        if self.settings.ada_target == 0 or not self.settings.augmentations:
            return images
        members, count = images.shape[:2]
        uniform = random.uniform(count, self.augmentation.numbers).flatten(0, 1)
        augmented = self.augmentation(images.flatten(0, 1), self.scalars["p"].repeat_interleave(count), uniform)
        return augmented.unflatten(0, (members, count))

    def _train_generator(self, random: StepRandom, real: RealImages) -> Tensor:
        fakes, labels = self._fakes(random, real, self.settings.batch)
        loss = generator_loss(self.discriminator(self._augment(fakes, random), labels))
        descend(loss, self.generator, self.optimizers["generator"])
        return loss.detach()

    def _train_discriminator(self, random: StepRandom, real: RealImages, images: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            fakes, fake_labels = self._fakes(random, real, self.settings.batch)
        both = self._augment(torch.cat([images, fakes], dim=1), random)
        logits = self.discriminator(both, torch.cat([labels, fake_labels], dim=1))
        real_logits, fake_logits = logits.chunk(2, dim=1)
        loss = discriminator_loss(real_logits, fake_logits)
        descend(loss, self.discriminator, self.optimizers["discriminator"])
        self._count_signs(real_logits)
        return loss.detach()

    def _regularise_discriminator(self, random: StepRandom, images: Tensor, labels: Tensor) -> None:
        images = images.requires_grad_()
        logits = self.discriminator(self._augment(images, random), labels)
        self._count_signs(logits)
        penalty = r1_penalty(logits, images, self.settings.r1_gamma)
        descend(penalty * self.settings.r1_interval, self.discriminator, self.optimizers["discriminator"])

    def _regularise_generator(self, random: StepRandom, real: RealImages) -> None:
        count = max(self.settings.batch // IMAGES_PER_PATH_LENGTH, 1)
        shape = (len(self.seeds), count, self.generator.network.style_count, self.settings.latent)
        offset = torch.zeros(shape, device=self.device, requires_grad=True)
        labels = real.one_hot(random.labels(count, self.classes))
        fakes = self.generator(random.normal(count, self.generator.network.random_numbers), labels, offset)
        lengths = path_lengths(fakes, offset, random.normal(count, *fakes.shape[2:]))
        mean = self.scalars["mean_path_length"].lerp(lengths.mean(dim=1), PATH_LENGTH_DECAY)
        self.scalars["mean_path_length"].copy_(mean.detach())
        penalty = (lengths - mean[:, None]).square().mean(dim=1) * self.settings.path_length_weight
        descend(penalty * self.settings.path_length_interval, self.generator, self.optimizers["generator"])

    def _count_signs(self, logits: Tensor) -> None:
        """Take logits [members, N] of a batch of real images into r_t."""
        self.scalars["signs"] += logits.detach().sign().mean(dim=1)
        self.scalars["batches"] += 1

    def _adjust_augmentation(self) -> None:
        s, p, r = self.settings, self.scalars["p"], self.scalars["r"]
        r.copy_(self.scalars["signs"] / self.scalars["batches"])
        if s.ada_target:
            p.copy_(adjust_probability(p, r, s.ada_target, s.batch * s.ada_interval, s.ada_kimg))
        for name in ("signs", "batches"):
            self.scalars[name].zero_()
