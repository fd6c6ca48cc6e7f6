"""Pre-activation ResNet (He et al. 2016b), with squeeze and excitation (Hu et al. 2018) if asked for."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.blocks import (
    CONVOLUTIONS,
    EXPANSION,
    BlockShape,
    block_convolutions,
    block_shapes,
    preactivated,
)
from understudy.classifiers.families import PreactResNetArguments, SEPreactResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, StackedLinear, conv1x1, conv3x3, initialise


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

    The shortcut of a stage's first block starts after the first normalisation and ReLU where `preact_stages` says so.
    """

    def __init__(self, shape: BlockShape, arguments: PreactResNetArguments):
        super().__init__()
        self.shortcut_after = shape.position == 0 and arguments.preact_stages[shape.stage]
        relu_first = self.shortcut_after or not arguments.remove_first_relu
        self.preactivation = nn.Sequential(BatchNorm(shape.inputs), nn.ReLU() if relu_first else nn.Identity())
        first, *others = block_convolutions(arguments.block, shape.inputs, shape.outputs, shape.stride)
        layers = [first, *preactivated(others)]
        if arguments.add_last_bn:
            layers.append(BatchNorm(shape.outputs))
        if isinstance(arguments, SEPreactResNetArguments):
            layers.append(SqueezeExcitation(shape.outputs, arguments.reduction))
        self.residual = nn.Sequential(*layers)
        self.shortcut = conv1x1(shape.inputs, shape.outputs, shape.stride) if shape.changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        activated = self.preactivation(x)
        return self.residual(activated) + self.shortcut(activated if self.shortcut_after else x)


class PreactResNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]."""

    def __init__(self, arguments: PreactResNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"pre-activation ResNet-{arguments.depth}")
        width, block = arguments.width, arguments.block
        outputs = [width * EXPANSION[block] * 2**stage for stage in range(3)]
        shapes = block_shapes(width, outputs, (arguments.depth - 2) // (3 * CONVOLUTIONS[block]))
        self.stem = conv3x3(shape.channels, width)
        blocks = [PreactBlock(one, arguments) for one in shapes]
        self.stages = nn.Sequential(*blocks, BatchNorm(outputs[-1]), nn.ReLU())
        self.head = Head(outputs[-1], shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)))
