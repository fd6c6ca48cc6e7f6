"""Random crops, flips and cutout of whole batches, many runs at once, without a step per image."""

from dataclasses import dataclass

import torch
from torch import Tensor

from understudy.classifiers.recipes import Recipe
from understudy.devices import torch_generator
from understudy.seeds import seed_for


@dataclass(frozen=True)
class EpochDraws:
    """What chance decides in one epoch of W runs; R = steps x batch size images are used of each.

    order int64 [W, R], shift int64 [W, R, 2] (rows, columns), flip bool [W, R], hole int64 [W, R, 2] (cutout's centre),
    noise float32 [W, R, K].
    """

    order: Tensor
    shift: Tensor
    flip: Tensor
    hole: Tensor
    noise: Tensor

    def step(self, step: int, batch: int) -> "EpochDraws":
        """The part of one step: B = batch images of each run."""
        part = slice(step * batch, (step + 1) * batch)
        return EpochDraws(*(value[:, part] for value in vars(self).values()))


def draw_epoch(
    seeds: list[int], epoch: int, images: int, size: int, recipe: Recipe, noise_size: int, device: torch.device
) -> EpochDraws:
    """Draw one epoch of the runs with these seeds.

    Order and augmentation have generators of their own, seeded by the run and the epoch: nothing else is needed to
    resume in the middle of an epoch, and no run's draws depend on another's. All is drawn on the CPU, so that the order
    is the same on every device.
    """
    used = recipe.steps_per_epoch(images) * recipe.batch_of(images)
    draws: list[list[Tensor]] = []
    for seed in seeds:
        order = torch_generator(seed_for(seed, "order", epoch))
        chance = torch_generator(seed_for(seed, "augmentation", epoch))
        draws.append(
            [
                torch.randperm(images, generator=order)[:used],
                torch.randint(0, 2 * recipe.crop + 1, (used, 2), generator=chance),
                (torch.rand(used, generator=chance) < 0.5) & recipe.flip,
                torch.randint(0, size, (used, 2), generator=chance),
                torch.rand(used, noise_size, generator=chance),
            ]
        )
    return EpochDraws(*(torch.stack(values).to(device) for values in zip(*draws, strict=True)))


class Augmentation:
    """Batches of augmented images from a data set that lies on the device as one tensor."""

    def __init__(self, images: Tensor, recipe: Recipe, mean: Tensor):
        pad = recipe.crop
        # Channels last, so that one gather of whole pixels does crop and flip.
        self.padded = torch.nn.functional.pad(images, (pad, pad, pad, pad)).permute(0, 2, 3, 1).contiguous()
        self.size = images.shape[-1]
        self.cutout = recipe.cutout
        self.mean = mean
        self.places = torch.arange(self.size, device=images.device)

    def batch(self, draws: EpochDraws) -> Tensor:
        """Return the augmented images in pixel units, float32 [W, B, C, H, W] (channels last in memory)."""
        rows = draws.shift[..., 0, None] + self.places  # [W, B, H]
        columns = torch.where(draws.flip[..., None], self.size - 1 - self.places, self.places)
        columns = draws.shift[..., 1, None] + columns  # [W, B, W]
        x = self.padded[draws.order[..., None, None], rows[..., :, None], columns[..., None, :]]
        x = x.to(self.mean.dtype)  # [W, B, H, W, C]
        if self.cutout:
            # The mean colour is zero after normalisation, as published.
            x = torch.where(self.hole_mask(draws.hole)[..., None], self.mean, x)
        return x.permute(0, 1, 4, 2, 3)

    def hole_mask(self, centre: Tensor) -> Tensor:
        """True inside cutout's squares [W, B, H, W], which may reach over the border (DeVries & Taylor 2017)."""
        start = centre - self.cutout // 2  # [W, B, 2]
        rows = (self.places >= start[..., 0, None]) & (self.places < start[..., 0, None] + self.cutout)
        columns = (self.places >= start[..., 1, None]) & (self.places < start[..., 1, None] + self.cutout)
        return rows[..., :, None] & columns[..., None, :]
