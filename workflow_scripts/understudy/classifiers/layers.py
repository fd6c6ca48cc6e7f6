"""Layers that several families share; each takes one run's tensors, or those of W runs stacked in a first dimension.

Stacked, an image batch is [W, N, C, H, W] and a weight [W, ...]: run i's images meet run i's weights alone. How they
lie in memory is told in `stacked_operations.py`.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.stacked_operations import batch_normalise, convolve, pool
from understudy.errors import StudyError

ONEDNN_CHANNELS = 8
"""Where a CPU has AVX2 alone, oneDNN (of torch 2.14) writes past its buffers in the backward pass of strided 1x1
convolutions of fewer input channels. These take every second pixel first, which is the same."""


@dataclass(frozen=True)
class Shape:
    """What a network sees and says: image channels, image side in pixels, number of classes."""

    channels: int
    size: int
    classes: int

    def check_strides(self, halvings: int, network: str) -> None:
        """Refuse images that `halvings` strides of two would shrink to nothing."""
        if self.size < 2**halvings:
            raise StudyError(
                f"{network}: images of {self.size}x{self.size} pixels are too small for its {halvings} strides of two; "
                f"at least {2**halvings}x{2**halvings} are needed: choose another model or larger images"
            )


class Convolution(nn.Conv2d):
    """A convolution without bias."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4:
            return convolve(x, self.weight, self.stride[0], self.padding[0], self.groups)
        if self.kernel_size == (1, 1) and self.stride != (1, 1) and self.in_channels < ONEDNN_CHANNELS:
            return F.conv2d(x[..., :: self.stride[0], :: self.stride[1]], self.weight)
        return super().forward(x)


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation; stacked runs have statistics of their own."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 4:
            return super().forward(x)
        running = self.running_mean, self.running_var
        return batch_normalise(x, self.weight, self.bias, *running, self.training, self.momentum, self.eps)


class AveragePool(nn.AvgPool2d):
    """Average pooling."""

    def forward(self, x: Tensor) -> Tensor:
        return pool(x, super().forward)


class StackedLinear(nn.Linear):
    """A linear layer: [..., N, inputs] to [..., N, outputs]."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.dim() == 2 else torch.baddbmm(self.bias[:, None], x, self.weight.mT)


def conv3x3(inputs: int, outputs: int, stride: int = 1, groups: int = 1) -> Convolution:
    """3x3 convolution that keeps the resolution (stride apart); no bias, since normalisation follows."""
    return Convolution(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False)


def conv1x1(inputs: int, outputs: int, stride: int = 1) -> Convolution:
    """1x1 convolution without bias."""
    return Convolution(inputs, outputs, 1, stride, bias=False)


class Head(nn.Module):
    """Global average pooling and a linear layer: [..., N, C, H, W] to logits [..., N, classes]."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.linear = StackedLinear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean((-2, -1)))


def assemble(initialisation: str = "fan_out", **parts: nn.Module) -> nn.Sequential:
    """The network of these parts, each called with what the one before returns, freshly initialised."""
    network = nn.Sequential(OrderedDict(parts))
    initialise(network, initialisation)
    return network


def initialise(network: nn.Module, mode: str = "fan_out") -> None:
    """Kaiming initialisation for ReLU (He et al. 2015) of convolutions and linear layers; biases zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
