"""Pre-activation ResNet (He et al. 2016b), with squeeze and excitation (Hu et al. 2018) if asked for."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.blocks import EXPANSION, BlockShape, block_convolutions, block_shapes, preactivated
from understudy.classifiers.families import PreactResNetArguments, SEPreactResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, StackedLinear, assemble, conv1x1, conv3x3


class SqueezeExcitation(nn.Module):
    """Channel weights sigmoid(W2 ReLU(W1 mean(x))), the middle layer `reduction` times smaller."""

    def __init__(self, channels: int, reduction: int):
        super().__init__()
        # Networks narrower than the reduction keep one unit.
        squeezed = max(1, channels // reduction)
        self.squeeze = StackedLinear(channels, squeezed)
        self.excite = StackedLinear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((-2, -1))))))  # [..., N, C]
        return x * weights[..., None, None]


class PreactBlock(nn.Module):
    """Normalisation and ReLU before each convolution, none after the sum.

    The shortcut starts after the first normalisation and ReLU where ``shortcut_after`` says so; ``last`` ends the
    residual.
    """

    def __init__(
        self,
        shape: BlockShape,
        block: str,
        shortcut_after: bool,
        relu_first: bool = True,
        last: Sequence[nn.Module] = (),
    ):
        super().__init__()
        self.shortcut_after = shortcut_after
        self.preactivation = nn.Sequential(BatchNorm(shape.inputs), nn.ReLU() if relu_first else nn.Identity())
        first, *others = block_convolutions(block, shape.inputs, shape.outputs, shape.stride)
        self.residual = nn.Sequential(first, *preactivated(others), *last)
        self.shortcut = conv1x1(shape.inputs, shape.outputs, shape.stride) if shape.changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        activated = self.preactivation(x)
        return self.residual(activated) + self.shortcut(activated if self.shortcut_after else x)


def preact_block(shape: BlockShape, arguments: PreactResNetArguments) -> PreactBlock:
    """A block as the arguments have it; the first of a stage alone may start its shortcut after the pre-activation."""
    shortcut_after = shape.position == 0 and arguments.preact_stages[shape.stage]
    last: list[nn.Module] = [BatchNorm(shape.outputs)] if arguments.add_last_bn else []
    if isinstance(arguments, SEPreactResNetArguments):
        last.append(SqueezeExcitation(shape.outputs, arguments.reduction))
    relu_first = shortcut_after or not arguments.remove_first_relu
    return PreactBlock(shape, arguments.block, shortcut_after, relu_first, last)


def preact_resnet(arguments: PreactResNetArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]."""
    shape.check_strides(2, f"pre-activation ResNet-{arguments.depth}")
    width = arguments.width
    shapes = block_shapes(width, width * EXPANSION[arguments.block], arguments.blocks)
    outputs = shapes[-1].outputs
    stem = conv3x3(shape.channels, width)
    blocks = [preact_block(one, arguments) for one in shapes]
    stages = nn.Sequential(*blocks, BatchNorm(outputs), nn.ReLU())
    return assemble(stem=stem, stages=stages, head=Head(outputs, shape.classes))
