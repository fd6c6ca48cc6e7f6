"""ResNet in its CIFAR form (He et al. 2016a, section 4.2): a 3x3 stem and three stages."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.arguments import ResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv1x1, conv3x3, initialise, stages_of


class ResidualBlock(nn.Module):
    """y = ReLU(residual(x) + x); a 1x1 projection where the width changes."""

    def __init__(self, residual: nn.Module, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.residual = residual
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.residual(x) + self.shortcut(x))


class BasicBlock(ResidualBlock):
    """The residual is BN(conv3x3(ReLU(BN(conv3x3(x)))))."""

    expansion = 1

    def __init__(self, inputs: int, outputs: int, stride: int):
        convolutions = [conv3x3(inputs, outputs, stride), conv3x3(outputs, outputs)]
        super().__init__(normalised(convolutions), inputs, outputs, stride)


class BottleneckBlock(ResidualBlock):
    """1x1, 3x3, 1x1 convolutions, the first two with a quarter of the output's channels."""

    expansion = 4

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__(bottleneck(inputs, outputs // self.expansion, outputs, stride), inputs, outputs, stride)


def bottleneck(inputs: int, inner: int, outputs: int, stride: int, groups: int = 1) -> nn.Sequential:
    """1x1, 3x3 (in groups), 1x1 convolutions with ``inner`` channels between them."""
    return normalised([conv1x1(inputs, inner), conv3x3(inner, inner, stride, groups=groups), conv1x1(inner, outputs)])


def normalised(convolutions: Sequence[nn.Module]) -> nn.Sequential:
    """Each convolution followed by a batch normalisation, and by a ReLU unless it is the last."""
    layers: list[nn.Module] = []
    for convolution in convolutions:
        layers += [convolution, BatchNorm(convolution.out_channels), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Shortcut of a block: the identity, or a normalised 1x1 convolution where the width changes."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(conv1x1(inputs, outputs, stride), BatchNorm(outputs))


class ResNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]."""

    def __init__(self, arguments: ResNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"ResNet-{arguments.depth}")
        block = {"basic": BasicBlock, "bottleneck": BottleneckBlock}[arguments.block]
        blocks = (arguments.depth - 2) // (6 if arguments.block == "basic" else 9)
        width = arguments.width
        outputs = [width * block.expansion * 2**stage for stage in range(3)]
        self.stem = nn.Sequential(conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU())
        self.stages = stages_of(block, list(zip([width, *outputs], outputs, strict=False)), blocks)
        self.head = Head(outputs[-1], shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)))
