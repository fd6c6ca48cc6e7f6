"""What the residual networks of stages share: the convolutions of a block, and the shapes of all blocks."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from understudy.classifiers.layers import BatchNorm, Convolution, conv1x1, conv3x3

EXPANSION = {"basic": 1, "bottleneck": 4}
"""How many times wider a block ends than it is inside."""


def block_convolutions(block: str, inputs: int, outputs: int, stride: int) -> list[Convolution]:
    """The convolutions of a residual block: two of 3x3, or 1x1, 3x3, 1x1 with a quarter of the output's channels."""
    if block == "basic":
        return [conv3x3(inputs, outputs, stride), conv3x3(outputs, outputs)]
    return bottleneck_convolutions(inputs, outputs // EXPANSION[block], outputs, stride)


def bottleneck_convolutions(inputs: int, inner: int, outputs: int, stride: int, groups: int = 1) -> list[Convolution]:
    """1x1, 3x3 (in groups), 1x1 convolutions with ``inner`` channels between them."""
    return [conv1x1(inputs, inner), conv3x3(inner, inner, stride, groups=groups), conv1x1(inner, outputs)]


def preactivated(convolutions: Sequence[Convolution]) -> list[nn.Module]:
    """Each convolution after a normalisation and a ReLU of its input."""
    layers: list[nn.Module] = []
    for convolution in convolutions:
        layers += [BatchNorm(convolution.in_channels), nn.ReLU(), convolution]
    return layers


class BlockShape(NamedTuple):
    """One block of a network of stages: its number within the stage, its channels, its stride."""

    stage: int
    position: int
    inputs: int
    outputs: int

    @property
    def stride(self) -> int:
        """2 in the first block of every stage but the first, which halves the resolution."""
        return 2 if self.stage > 0 and self.position == 0 else 1

    @property
    def changes(self) -> bool:
        """Whether the output has another shape than the input."""
        return self.inputs != self.outputs or self.stride != 1


def block_shapes(width: int, outputs: int, blocks: int) -> list[BlockShape]:
    """The blocks of a CIFAR network: ``width`` channels before its three stages, whose ``outputs`` double each time."""
    ends = [width, outputs, 2 * outputs, 4 * outputs]
    return [
        BlockShape(stage, position, ends[stage + (position > 0)], ends[stage + 1])
        for stage in range(3)
        for position in range(blocks)
    ]
