"""ResNet in its CIFAR form (He et al. 2016a, section 4.2): a 3x3 stem and three stages."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.blocks import EXPANSION, BlockShape, block_convolutions, block_shapes
from understudy.classifiers.families import ResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, assemble, conv1x1, conv3x3


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


def resnet(arguments: ResNetArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]."""
    shape.check_strides(2, f"ResNet-{arguments.depth}")
    width, block = arguments.width, arguments.block
    shapes = block_shapes(width, width * EXPANSION[block], arguments.blocks)
    return assemble(
        stem=nn.Sequential(conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU()),
        stages=nn.Sequential(
            *(ResidualBlock(one, block_convolutions(block, one.inputs, one.outputs, one.stride)) for one in shapes)
        ),
        head=Head(shapes[-1].outputs, shape.classes),
    )
