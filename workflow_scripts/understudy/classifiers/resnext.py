"""ResNeXt (Xie et al. 2017): bottlenecks whose 3x3 convolution works in groups."""

from torch import nn

from understudy.classifiers.blocks import block_shapes, bottleneck_convolutions
from understudy.classifiers.families import ResNeXtArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, assemble, conv3x3
from understudy.classifiers.resnet import ResidualBlock


def resnext(arguments: ResNeXtArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]; ResNeXt-depth, cardinality x base_width d."""
    shape.check_strides(2, f"ResNeXt-{arguments.depth}")
    width, groups = arguments.width, arguments.cardinality
    layers = [conv3x3(shape.channels, width), BatchNorm(width), nn.ReLU()]
    for one in block_shapes(width, 4 * width, arguments.blocks):
        # The groups' width doubles from stage to stage.
        inner = groups * arguments.base_width * 2**one.stage
        layers.append(ResidualBlock(one, bottleneck_convolutions(one.inputs, inner, one.outputs, one.stride, groups)))
    return assemble(layers=nn.Sequential(*layers), head=Head(16 * width, shape.classes))
