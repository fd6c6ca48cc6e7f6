"""Random crops, flips and cutout of whole batches, many runs at once, without a step per image."""

from dataclasses import dataclass

import torch
from torch import Tensor

from understudy.classifiers.recipes import Recipe
from understudy.devices import torch_generator
from understudy.seeds import seed_for


@dataclass(frozen=True)
class EpochRandom:
    """What is random in one epoch of W runs; R = steps x batch size images are used of each.

    order int64 [W, R], shift int64 [W, R, 2] (rows, columns), flip bool [W, R], hole int64 [W, R, 2] (cutout's centre),
    noise float32 [W, R, K].
    """

    order: Tensor
    shift: Tensor
    flip: Tensor
    hole: Tensor
    noise: Tensor

    def step(self, step: int, batch: int) -> "EpochRandom":
        """The part of one step: B = batch images of each run."""
        part = slice(step * batch, (step + 1) * batch)
        return EpochRandom(*(value[:, part] for value in vars(self).values()))


def sample_epoch(
    seeds: list[int], epoch: int, images: int, size: int, recipe: Recipe, noise_size: int, device: torch.device
) -> EpochRandom:
    """Sample one epoch of the runs with these seeds.

    Order and augmentation have generators of their own, seeded by the run and the epoch: nothing else is needed to
    resume in the middle of an epoch, and no run's numbers depend on another's. All are sampled on the CPU, so that the
    order is the same on every device.
    """
    used = recipe.steps_per_epoch(images) * recipe.batch_size_for(images)
    sampled: list[list[Tensor]] = []
    for seed in seeds:
        order = torch_generator(seed_for(seed, "order", epoch))
        generator = torch_generator(seed_for(seed, "augmentation", epoch))
        sampled.append(
            [
                torch.randperm(images, generator=order)[:used],
                torch.randint(0, 2 * recipe.crop + 1, (used, 2), generator=generator),
                (torch.rand(used, generator=generator) < 0.5) & recipe.flip,
                torch.randint(0, size, (used, 2), generator=generator),
                torch.rand(used, noise_size, generator=generator),
            ]
        )
    return EpochRandom(*(torch.stack(values).to(device) for values in zip(*sampled, strict=True)))


class BatchAugmentation:
    """Batches of augmented images from a data set that lies on the device as one tensor."""

    def __init__(self, images: Tensor, recipe: Recipe, mean: Tensor):
        pad = recipe.crop
        # Channels last, so that one gather of whole pixels does crop and flip.
        self.padded = torch.nn.functional.pad(images, (pad, pad, pad, pad)).permute(0, 2, 3, 1).contiguous()
        self.size = images.shape[-1]
        self.cutout = recipe.cutout
        self.mean = mean
        self.positions = torch.arange(self.size, device=images.device)

    def batch(self, random: EpochRandom) -> Tensor:
        """Return the augmented images in pixel units, float32 [W, B, C, H, W] (channels last in memory)."""
        rows = random.shift[..., 0, None] + self.positions  # [W, B, H]
        columns = torch.where(random.flip[..., None], self.size - 1 - self.positions, self.positions)
        columns = random.shift[..., 1, None] + columns  # [W, B, W]
        x = self.padded[random.order[..., None, None], rows[..., :, None], columns[..., None, :]]
        x = x.to(self.mean.dtype)  # [W, B, H, W, C]
        if self.cutout:
            # The mean colour is zero after normalisation, as published.
            x = torch.where(self.hole_mask(random.hole)[..., None], self.mean, x)
        return x.permute(0, 1, 4, 2, 3)

    def hole_mask(self, centre: Tensor) -> Tensor:
        """True inside cutout's squares [W, B, H, W], which may reach over the border (DeVries & Taylor 2017)."""
        start = centre - self.cutout // 2  # [W, B, 2]
        rows = (self.positions >= start[..., 0, None]) & (self.positions < start[..., 0, None] + self.cutout)
        columns = (self.positions >= start[..., 1, None]) & (self.positions < start[..., 1, None] + self.cutout)
        return rows[..., :, None] & columns[..., None, :]
