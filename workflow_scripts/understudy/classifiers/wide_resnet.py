"""Wide residual network (Zagoruyko & Komodakis 2016): few, wide pre-activation blocks."""

from torch import Tensor, nn

from understudy.classifiers.blocks import BlockShape, block_convolutions, block_shapes, preactivated
from understudy.classifiers.families import WideResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv1x1, conv3x3, initialise


class WideBlock(nn.Module):
    """BN, ReLU, 3x3, BN, ReLU, 3x3; where the width changes, a 1x1 shortcut after the first ReLU."""

    def __init__(self, shape: BlockShape):
        super().__init__()
        inputs, outputs, stride = shape.inputs, shape.outputs, shape.stride
        self.preactivation = nn.Sequential(BatchNorm(inputs), nn.ReLU())
        first, *others = block_convolutions("basic", inputs, outputs, stride)
        self.residual = nn.Sequential(first, *preactivated(others))
        self.changes = shape.changes
        self.shortcut = conv1x1(inputs, outputs, stride) if self.changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        activated = self.preactivation(x)
        return self.residual(activated) + self.shortcut(activated if self.changes else x)


class WideResNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]; WRN-depth-widen_factor."""

    def __init__(self, arguments: WideResNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"WRN-{arguments.depth}-{arguments.widen_factor}")
        width = arguments.width
        outputs = [width * arguments.widen_factor * 2**stage for stage in range(3)]
        self.stem = conv3x3(shape.channels, width)
        self.stages = nn.Sequential(*map(WideBlock, block_shapes(width, outputs, (arguments.depth - 4) // 6)))
        self.last = nn.Sequential(BatchNorm(outputs[-1]), nn.ReLU())
        self.head = Head(outputs[-1], shape.classes)
        # The published recipe alone initialises by fan-in.
        initialise(self, "fan_in")

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last(self.stages(self.stem(x))))
