"""The augmentations of ADA (Karras et al. 2020, "Training generative adversarial networks with limited data", app. B).

Each is differentiable twice with respect to the image, since the gradient penalty passes through it. Every choice is
made from uniform numbers that are handed in, each augmentation being applied to an image with probability ``p``.
"""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from understudy.generators.settings import BLIT, COLOUR, GEOMETRIC

# The orthonormal symlet with six vanishing moments: filtering up and down with it is the identity.
SYMLET = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
SHIFT_LIMIT = 0.125  # of the image's width
SCALE_DEVIATION = 0.2  # of log2 of the factor
SUBPIXEL_DEVIATION = 0.125  # of the image's width
BRIGHTNESS_DEVIATION = 0.2
CONTRAST_DEVIATION = 0.5  # of log2 of the factor
SATURATION_DEVIATION = 1.0  # of log2 of the factor

# Uniform numbers an augmentation uses: one decides whether it is applied, the others how. `rotate` happens twice.
NUMBERS = dict.fromkeys(BLIT + GEOMETRIC + COLOUR, 2) | {"shift": 3, "subpixel": 3, "rotate": 4}


def standard_normal(uniform: Tensor) -> Tensor:
    """Map uniform numbers in [0, 1) to standard normal ones."""
    return math.sqrt(2) * torch.erfinv((2 * uniform - 1).clamp(-1 + 1e-6, 1 - 1e-6))


def reflect(index: Tensor, size: int) -> Tensor:
    """Fold integers into [0, size) by mirroring at the centres of the outermost pixels, as often as need be."""
    period = max(2 * size - 2, 1)
    index = index.remainder(period)
    return torch.minimum(index, period - index)


def matrices(rows: Sequence[Sequence[Tensor | float]], like: Tensor) -> Tensor:
    """Stack tensors [B] and numbers to matrices [B, rows, columns]."""
    flat = [x for row in rows for x in row]
    constants = {x: torch.full_like(like, x) for x in flat if not isinstance(x, Tensor)}
    entries = [x if isinstance(x, Tensor) else constants[x] for x in flat]
    return torch.stack(entries, dim=1).unflatten(1, (len(rows), len(rows[0])))


def _shift(numbers: Iterator[Tensor], size: int) -> Tensor:
    reach = 2 * SHIFT_LIMIT * size
    down, right = (-((next(numbers) - 0.5) * reach).round() for _ in range(2))
    return matrices([[1.0, 0.0, right], [0.0, 1.0, down], [0.0, 0.0, 1.0]], right)


def _scale(numbers: Iterator[Tensor], size: int) -> Tensor:
    factor = torch.exp2(-SCALE_DEVIATION * standard_normal(next(numbers)))
    return matrices([[factor, 0.0, 0.0], [0.0, factor, 0.0], [0.0, 0.0, 1.0]], factor)


def _rotate(numbers: Iterator[Tensor], size: int) -> Tensor:
    angle = (2 * next(numbers) - 1) * math.pi
    cos, sin = angle.cos(), angle.sin()
    return matrices([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]], angle)


def _stretch(numbers: Iterator[Tensor], size: int) -> Tensor:
    factor = torch.exp2(-SCALE_DEVIATION * standard_normal(next(numbers)))
    return matrices([[factor, 0.0, 0.0], [0.0, 1 / factor, 0.0], [0.0, 0.0, 1.0]], factor)


def _subpixel(numbers: Iterator[Tensor], size: int) -> Tensor:
    right, down = (-SUBPIXEL_DEVIATION * size * standard_normal(next(numbers)) for _ in range(2))
    return matrices([[1.0, 0.0, right], [0.0, 1.0, down], [0.0, 0.0, 1.0]], right)


def _brightness(number: Tensor) -> Tensor:
    b = BRIGHTNESS_DEVIATION * standard_normal(number)
    return matrices([[1.0, 0.0, 0.0, b], [0.0, 1.0, 0.0, b], [0.0, 0.0, 1.0, b], [0.0, 0.0, 0.0, 1.0]], b)


def _contrast(number: Tensor) -> Tensor:
    c = torch.exp2(CONTRAST_DEVIATION * standard_normal(number))
    return matrices([[c, 0.0, 0.0, 0.0], [0.0, c, 0.0, 0.0], [0.0, 0.0, c, 0.0], [0.0, 0.0, 0.0, 1.0]], c)


def _luma_axis(like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the identity and the projection onto the axis of brightness, [4, 4] each."""
    luma = torch.tensor([1.0, 1.0, 1.0, 0.0], dtype=like.dtype, device=like.device) / math.sqrt(3)
    return torch.eye(4, dtype=like.dtype, device=like.device), torch.outer(luma, luma)


def _luma_flip(number: Tensor) -> Tensor:
    identity, axis = _luma_axis(number)
    return torch.where(number[:, None, None] < 0.5, identity - 2 * axis, identity)


def _hue(number: Tensor) -> Tensor:
    # Rodrigues' formula for the axis (1, 1, 1) / sqrt(3).
    angle = (2 * number - 1) * math.pi
    cos, side = angle.cos(), angle.sin() / math.sqrt(3)
    rest = (1 - cos) / 3
    rows = [[cos + rest, rest - side, rest + side, 0.0], [rest + side, cos + rest, rest - side, 0.0],
            [rest - side, rest + side, cos + rest, 0.0], [0.0, 0.0, 0.0, 1.0]]  # fmt: skip
    return matrices(rows, angle)


def _saturation(number: Tensor) -> Tensor:
    identity, axis = _luma_axis(number)
    return axis + (identity - axis) * torch.exp2(SATURATION_DEVIATION * standard_normal(number))[:, None, None]


# Each makes matrices [B, rows, columns] from uniform numbers [B]: of places, in images of ``size`` pixels a side, ...
WARPS = {"shift": _shift, "scale": _scale, "rotate": _rotate, "stretch": _stretch, "subpixel": _subpixel}
# ... and of colours.
COLOURS = {
    "brightness": _brightness, "contrast": _contrast, "luma_flip": _luma_flip, "hue": _hue, "saturation": _saturation,
}  # fmt: skip


class AdaptiveAugmentation(nn.Module):
    """The pipeline of the augmentations called ``names``, for square images of ``size`` pixels a side."""

    def __init__(self, names: Sequence[str], size: int, channels: int):
        super().__init__()
        self.names, self.size, self.channels = tuple(names), size, channels
        self.numbers = sum(NUMBERS[name] for name in names)
        # The image is mirrored at its edges to three times its side, which no shift of four deviations leaves.
        self.margin, taps = size, len(SYMLET)
        centre = taps // 2 - 1
        self.lag = centre - sum(k * tap for k, tap in enumerate(SYMLET)) / sum(SYMLET)
        extended = torch.arange(-self.margin, size + self.margin)
        fine = torch.arange(-2 * self.margin, 2 * (size + self.margin))
        spread = self._filter(fine[:, None] - 2 * extended + centre)
        mirror = nn.functional.one_hot(reflect(extended, size), size).float()
        self.register_buffer("enlarge", spread @ mirror)  # [6 size, size]
        # A pixel of the result gathers the twelve fine pixels around it.
        window = torch.arange(-centre, 2 * size + taps - centre - 2)
        self.register_buffer("window", window)
        self.register_buffer("reduce", self._filter(window - 2 * torch.arange(size)[:, None] + centre))

    @staticmethod
    def _filter(index: Tensor) -> Tensor:
        inside = (index >= 0) & (index < len(SYMLET))
        return torch.where(inside, torch.tensor(SYMLET)[index.clamp(0, len(SYMLET) - 1)], 0.0)

    def forward(self, images: Tensor, p: Tensor, uniform: Tensor) -> Tensor:
        """Augment images [B, C, H, W] in [-1, 1] with probabilities p [B], from uniform numbers [B, numbers]."""
        numbers = iter(uniform.unbind(dim=1))
        if "flip" in self.names or "rotate90" in self.names:
            images = self.turn(images, *self.sample_turn(p, numbers))
        if any(name in WARPS for name in self.names):
            images = self.warp(images, self.sample_warp(p, numbers))
        if any(name in COLOUR for name in self.names):
            images = self.recolour(images, self.sample_colour(p, numbers))
        return images

    def sample_turn(self, p: Tensor, numbers: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
        """Return flips (0, 1) and quarter turns (0 to 3), int64 [B] each."""
        flip = turns = zero = torch.zeros_like(p, dtype=torch.int64)
        if "flip" in self.names:
            flip = torch.where(next(numbers) < p, (next(numbers) * 2).long(), zero)
        if "rotate90" in self.names:
            turns = torch.where(next(numbers) < p, (next(numbers) * 4).long(), zero)
        return flip, turns

    def turn(self, images: Tensor, flip: Tensor, turns: Tensor) -> Tensor:
        """Flip, then turn counter-clockwise: each pixel is copied, none blended."""
        side = torch.arange(self.size, device=images.device)
        row, column, last = side[None, :, None], side[None, None, :], self.size - 1
        turns = turns[:, None, None]
        source_row = torch.where(turns == 0, row, torch.where(turns == 1, column, last - row))
        source_row = torch.where(turns == 3, last - column, source_row)
        source_column = torch.where(turns == 0, column, torch.where(turns == 1, last - row, last - column))
        source_column = torch.where(turns == 3, row, source_column)
        source_column = torch.where(flip[:, None, None] == 1, last - source_column, source_column)
        source = (source_row * self.size + source_column).flatten(1)[:, None]  # [B, 1, H W]
        return images.flatten(2).gather(2, source.expand(-1, images.shape[1], -1)).view_as(images)

    def sample_warp(self, p: Tensor, numbers: Iterator[Tensor]) -> Tensor:
        """Return matrices [B, 2, 3] that map (x, y, 1) of the result to its source, in pixels from the centre.

        All are composed, so that the image is mirrored and resampled once; an image that is shifted out of the frame
        and back again is whole.
        """
        identity = torch.eye(3, dtype=p.dtype, device=p.device)
        total = identity.expand(len(p), 3, 3)
        # A rotation before stretching and one after are together applied with probability p.
        for name in ("shift", "scale", "rotate", "stretch", "rotate", "subpixel"):
            if name in self.names:
                chosen = next(numbers) < (1 - (1 - p).sqrt() if name == "rotate" else p)
                total = total @ torch.where(chosen[:, None, None], WARPS[name](numbers, self.size), identity)
        return total[:, :2]

    def warp(self, images: Tensor, transform: Tensor) -> Tensor:
        """Resample images by matrices [B, 2, 3]: enlarge twofold, interpolate bilinearly, reduce."""
        fine = (images @ self.enlarge.T).mT @ self.enlarge.T  # [B, C, 6 W, 6 H], transposed
        side = fine.shape[-1]
        # In pixels of the image, its centre is at (size - 1) / 2. A fine pixel is half as wide, and lies where the
        # filter's centre of mass puts it.
        centre = (self.size - 1) / 2
        axis = (self.window + self.lag) / 2 - centre
        x, y = axis[None, None, :], axis[None, :, None]
        a = transform[:, :, :, None, None]
        source = a[:, :, 0] * x + a[:, :, 1] * y + a[:, :, 2] + (centre + self.margin)
        u, v = (2 * source - self.lag).clamp(0, side - 1.001).unbind(dim=1)  # [B, window, window] each
        left, top = u.floor(), v.floor()
        across, along = (u - left).flatten(1)[:, None], (v - top).flatten(1)[:, None]
        first = (left.long() * side + top.long()).flatten(1)[:, None].expand(-1, images.shape[1], -1)
        flat = fine.flatten(2)
        corner, below = flat.gather(2, first), flat.gather(2, first + 1)
        beside, opposite = flat.gather(2, first + side), flat.gather(2, first + side + 1)
        near, far = torch.lerp(corner, below, along), torch.lerp(beside, opposite, along)
        sampled = torch.lerp(near, far, across).unflatten(2, u.shape[1:])  # [B, C, window, window]
        return self.reduce @ sampled @ self.reduce.T

    def sample_colour(self, p: Tensor, numbers: Iterator[Tensor]) -> Tensor:
        """Return matrices [B, 3, 4] that map (r, g, b, 1) to the new colour."""
        identity = torch.eye(4, dtype=p.dtype, device=p.device)
        total = identity.expand(len(p), 4, 4)
        for name in COLOUR:
            if name in self.names:
                chosen = next(numbers) < p
                total = torch.where(chosen[:, None, None], COLOURS[name](next(numbers)), identity) @ total
        return total[:, :3]

    def recolour(self, images: Tensor, transform: Tensor) -> Tensor:
        """Apply colour matrices [B, 3, 4]; a grey image is changed as its luma would be."""
        if self.channels == 1:
            transform = transform.mean(dim=1, keepdim=True)
            transform = torch.cat([transform[..., :3].sum(dim=2, keepdim=True), transform[..., 3:]], dim=2)
        channels = images.shape[1]
        return (transform[:, :, :channels] @ images.flatten(2) + transform[:, :, channels:]).view_as(images)


def adjust_probability(p: Tensor, r: Tensor, target: float, images: int, ada_kimg: float) -> Tensor:
    """Return the next augmentation probability (section 3.1 of the paper).

    ``r`` is r_t, the mean sign of the discriminator's output on real images: p rises while r_t > target, falls while
    it is less, and would take ``ada_kimg`` thousand images from 0 to 1. ``images`` were seen since the last adjustment.
    """
    return (p + torch.sign(r - target) * (images / (ada_kimg * 1000))).clamp(0, 1)
