"""ResNet in its CIFAR form (He et al. 2016a, section 4.2): a 3x3 stem and three stages."""

from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.arguments import ResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv1x1, conv3x3, initialise, stages_of


class BasicBlock(nn.Module):
    """y = ReLU(x + BN(conv3x3(ReLU(BN(conv3x3(x)))))); a 1x1 projection where the width changes."""

    expansion = 1

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.residual = nn.Sequential(
            conv3x3(inputs, outputs, stride),
            BatchNorm(outputs),
            nn.ReLU(),
            conv3x3(outputs, outputs),
            BatchNorm(outputs),
        )
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.residual(x) + self.shortcut(x))


class BottleneckBlock(nn.Module):
    """1x1, 3x3, 1x1 convolutions, the first two with a quarter of the output's channels."""

    expansion = 4

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        inner = outputs // self.expansion
        self.residual = nn.Sequential(
            conv1x1(inputs, inner),
            BatchNorm(inner),
            nn.ReLU(),
            conv3x3(inner, inner, stride),
            BatchNorm(inner),
            nn.ReLU(),
            conv1x1(inner, outputs),
            BatchNorm(outputs),
        )
        self.shortcut = projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.residual(x) + self.shortcut(x))


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
