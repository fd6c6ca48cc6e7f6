"""Wide residual network (Zagoruyko & Komodakis 2016): few, wide pre-activation blocks."""

from torch import nn

from understudy.classifiers.blocks import block_shapes
from understudy.classifiers.families import WideResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, assemble, conv3x3
from understudy.classifiers.resnet_preact import PreactBlock


def wide_resnet(arguments: WideResNetArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]; WRN-depth-widen_factor."""
    shape.check_strides(2, f"WRN-{arguments.depth}-{arguments.widen_factor}")
    width = arguments.width
    shapes = block_shapes(width, width * arguments.widen_factor, arguments.blocks)
    outputs = shapes[-1].outputs
    # The published recipe alone initialises by fan-in.
    return assemble(
        "fan_in",
        stem=conv3x3(shape.channels, width),
        stages=nn.Sequential(*(PreactBlock(one, "basic", shortcut_after=one.changes) for one in shapes)),
        last=nn.Sequential(BatchNorm(outputs), nn.ReLU()),
        head=Head(outputs, shape.classes),
    )
