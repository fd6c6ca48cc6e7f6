"""Layers that the networks are made of: equalised learning rate, resampling, minibatch standard deviation.

No layer draws random numbers: parameters are filled by :func:`initialise`, and noise is handed in, so that one seed
decides everything. No layer changes a tensor in place, so that a stack of networks can be run as one (``stack.py``).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
# Keeps the variance of a leaky ReLU's output near that of its input.
GAIN = math.sqrt(2)
BINOMIAL = (1 / 8, 3 / 8, 3 / 8, 1 / 8)
# Below this many pixels a side, resampling both axes by one matrix product is faster than one after the other.
SMALL = 17


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Fill the parameters of ``network`` in the order of its modules, from ``generator`` alone."""
    for module in network.modules():
        if hasattr(module, "initialise"):
            module.initialise(generator)


def check_resolution(resolution: int, channels: int) -> int:
    """Return log2(resolution / 4).

    Raises
    ------
    ValueError
        If the resolution is not 4 times a power of two, or there are neither 1 nor 3 channels.

    """
    doublings = int(math.log2(max(resolution, 1) / 4)) if resolution >= 4 else -1
    if doublings < 0 or 4 * 2**doublings != resolution:
        raise ValueError(f"images of {resolution} pixels a side; 4 times a power of two (4, 8, 16, 32, 64) is needed")
    if channels not in (1, 3):
        raise ValueError(f"images of {channels} channels; 1 (grey) or 3 (colour) are needed")
    return doublings


def multiply_in(network: nn.Module, precision: torch.dtype | None) -> None:
    """Let the convolutions of the network's ``blocks`` multiply in this precision; None: in that of their weights.

    Weights, styles, filters of images and whatever comes after the blocks keep their digits, as mixed precision in the
    reference does. Autocast would do the same, but has no effect under vmap, which runs a stack.
    """
    for module in network.blocks.modules():
        if hasattr(module, "precision"):
            module.precision = precision


def cast(precision: torch.dtype | None, *tensors: Tensor | None) -> list[Tensor | None]:
    """Return the tensors in ``precision``, or as they are where that is None."""
    return [x if x is None or precision is None else x.to(precision) for x in tensors]


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU of slope 0.2, without gain: it is homogeneous, so callers scale a smaller operand by GAIN instead."""
    return F.leaky_relu(x, SLOPE)


class EqualizedLinear(nn.Module):
    """A linear layer whose stored weights have unit variance and are scaled when used (Karras et al. 2018, 4.1).

    ``multiplier`` slows the layer's learning; ``activate`` applies a leaky ReLU with gain. Input [N, in_features].
    """

    def __init__(self, in_features: int, out_features: int, activate: bool = False, multiplier: float = 1.0,
                 bias: float = 0.0):  # fmt: skip
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.full((out_features,), bias / multiplier))
        self.activate, self.multiplier = activate, multiplier

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights; the bias keeps its constant."""
        nn.init.normal_(self.weight, std=1 / self.multiplier, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, out_features]."""
        gain = GAIN if self.activate else 1.0
        weight = self.weight * (gain * self.multiplier / math.sqrt(self.weight.shape[1]))
        y = F.linear(x, weight, self.bias * (gain * self.multiplier))
        return leaky_relu(y) if self.activate else y


class EqualizedConv(nn.Module):
    """A convolution with equalised learning rate; ``down`` blurs and halves the resolution.

    ``size`` is that of the input, in pixels a side. Output [N, out_channels, size, size] or half of that.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, size: int, down: bool = False,
                 activate: bool = True, bias: bool = True):  # fmt: skip
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.down, self.activate = down, activate
        self.precision: torch.dtype | None = None
        if down:
            # A 3x3 kernel of stride 2 then needs no padding, and a 1x1 kernel none in any case.
            self.blur = Upfirdn2d(size, size + kernel - 2, offset=(kernel + 1) // 2)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights; the bias is zero."""
        nn.init.normal_(self.weight, generator=generator)

    def forward(self, x: Tensor, gain: float = 1.0) -> Tensor:
        """Return the convolution of ``x`` times ``gain``."""
        gain = gain * (GAIN if self.activate else 1.0)
        weight = self.weight * (gain / math.sqrt(self.weight[0].numel()))
        bias = None if self.bias is None else self.bias * gain
        x, weight, bias = cast(self.precision, x, weight, bias)
        if self.down:
            y = F.conv2d(self.blur(x), weight, bias, stride=2)
        else:
            y = F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        return leaky_relu(y) if self.activate else y


class Upfirdn2d(nn.Module):
    """Filter with the binomial [1, 3, 3, 1] / 8 along both axes, at once raising or lowering the resolution.

    Along an axis, y[i] = gain * sum_m f[up * m - down * i + offset] x[m], with f zero outside its four taps. As images
    are small, this is a product with a fixed matrix of shape [target, source].
    """

    def __init__(self, source: int, target: int, up: int = 1, down: int = 1, offset: int = 1, gain: float = 1.0):
        super().__init__()
        taps = up * torch.arange(source) - down * torch.arange(target)[:, None] + offset
        inside = (taps >= 0) & (taps < len(BINOMIAL))
        matrix = gain * torch.where(inside, torch.tensor(BINOMIAL)[taps.clamp(0, 3)], 0.0)
        self.target, self.small = target, max(source, target) <= SMALL
        # Not persistent: it follows from the resolution, and a stack shares one.
        self.register_buffer("matrix", torch.kron(matrix, matrix) if self.small else matrix, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, source, source] to [N, C, target, target]."""
        matrix = self.matrix.T.to(x.dtype)  # the taps' products are exact in bfloat16, too
        if self.small:
            return (x.flatten(2) @ matrix).unflatten(2, (self.target, self.target))
        return ((x @ matrix).mT @ matrix).mT


def upsample(size: int) -> Upfirdn2d:
    """Return the layer that doubles an image of ``size`` pixels a side."""
    return Upfirdn2d(size, 2 * size, up=2, offset=2, gain=2.0)


def downsample(size: int) -> Upfirdn2d:
    """Return the layer that halves an image of ``size`` pixels a side."""
    return Upfirdn2d(size, size // 2, down=2)


class MinibatchStd(nn.Module):
    """Append a channel with the standard deviation within a group of images (Karras et al. 2018, section 3).

    A group is ``group`` successive images. Images of different kinds, real and generated, may therefore share a batch
    as long as each kind fills whole groups.
    """

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C + 1, H, W]; ``group`` divides N."""
        groups = x.unflatten(0, (-1, self.group))  # [N / group, group, C, H, W]
        variance = (groups - groups.mean(dim=1, keepdim=True)).square().mean(dim=1)
        deviation = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3))  # [N / group]
        channel = deviation[:, None, None, None, None].expand(-1, self.group, 1, *x.shape[2:]).flatten(0, 1)
        return torch.cat([x, channel], dim=1)
