"""ResNeXt (Xie et al. 2017): bottlenecks whose 3x3 convolution works in groups."""

from torch import Tensor, nn

from understudy.classifiers.blocks import BlockShape, block_shapes, bottleneck_convolutions
from understudy.classifiers.families import ResNeXtArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv3x3, initialise
from understudy.classifiers.resnet import ResidualBlock


class GroupedBlock(ResidualBlock):
    """1x1, grouped 3x3, 1x1; the groups' width doubles from stage to stage."""

    def __init__(self, shape: BlockShape, arguments: ResNeXtArguments):
        inner = arguments.cardinality * arguments.base_width * 2**shape.stage
        super().__init__(
            shape,
            bottleneck_convolutions(shape.inputs, inner, shape.outputs, shape.stride, groups=arguments.cardinality),
        )


class ResNeXt(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]; ResNeXt-depth, cardinality x base_width d."""

    def __init__(self, arguments: ResNeXtArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"ResNeXt-{arguments.depth}")
        width = arguments.width
        outputs = [4 * width * 2**stage for stage in range(3)]
        stem = [conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU()]
        blocks = [GroupedBlock(one, arguments) for one in block_shapes(width, outputs, (arguments.depth - 2) // 9)]
        self.layers = nn.Sequential(*stem, *blocks)
        self.head = Head(outputs[-1], shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x))
