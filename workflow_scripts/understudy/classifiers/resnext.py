"""ResNeXt (Xie et al. 2017): bottlenecks whose 3x3 convolution works in groups."""

from torch import Tensor, nn

from understudy.classifiers.arguments import ResNeXtArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv3x3, initialise
from understudy.classifiers.resnet import ResidualBlock, bottleneck


class GroupedBlock(ResidualBlock):
    """1x1, grouped 3x3, 1x1; the groups' width doubles from stage to stage."""

    def __init__(self, inputs: int, outputs: int, stride: int, inner: int, cardinality: int):
        super().__init__(bottleneck(inputs, inner, outputs, stride, cardinality), inputs, outputs, stride)


class ResNeXt(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]; ResNeXt-depth, cardinality x base_width d."""

    def __init__(self, arguments: ResNeXtArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"ResNeXt-{arguments.depth}")
        width, cardinality = arguments.width, arguments.cardinality
        layers: list[nn.Module] = [conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU()]
        inputs = width
        for stage in range(3):
            outputs = 4 * width * 2**stage
            inner = cardinality * arguments.base_width * 2**stage
            for place in range((arguments.depth - 2) // 9):
                stride = 2 if stage > 0 and place == 0 else 1
                layers.append(GroupedBlock(inputs, outputs, stride, inner, cardinality))
                inputs = outputs
        self.layers = nn.Sequential(*layers)
        self.head = Head(inputs, shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x))
