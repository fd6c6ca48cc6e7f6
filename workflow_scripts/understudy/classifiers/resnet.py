"""ResNet in its CIFAR form (He et al. 2016a, section 4.2): a 3x3 stem and three stages."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.blocks import CONVOLUTIONS, EXPANSION, BlockShape, block_convolutions, block_shapes
from understudy.classifiers.families import ResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv1x1, conv3x3, initialise


class ResidualBlock(nn.Module):
    """y = ReLU(residual(x) + x); a normalised 1x1 projection where the width changes.

    The residual is the convolutions, each normalised, with ReLU between them.
    """

    def __init__(self, shape: BlockShape, convolutions: Sequence[nn.Module]):
        super().__init__()
        layers: list[nn.Module] = []
        for convolution in convolutions:
            layers += [convolution, BatchNorm(convolution.out_channels), nn.ReLU()]
        self.residual = nn.Sequential(*layers[:-1])
        self.shortcut = nn.Identity()
        if shape.changes:
            self.shortcut = nn.Sequential(conv1x1(shape.inputs, shape.outputs, shape.stride), BatchNorm(shape.outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.residual(x) + self.shortcut(x))


class ResNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]."""

    def __init__(self, arguments: ResNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"ResNet-{arguments.depth}")
        width, block = arguments.width, arguments.block
        outputs = [width * EXPANSION[block] * 2**stage for stage in range(3)]
        shapes = block_shapes(width, outputs, (arguments.depth - 2) // (3 * CONVOLUTIONS[block]))
        self.stem = nn.Sequential(conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU())
        self.stages = nn.Sequential(
            *(ResidualBlock(one, block_convolutions(block, one.inputs, one.outputs, one.stride)) for one in shapes)
        )
        self.head = Head(outputs[-1], shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)))
