"""PyramidNet (Han et al. 2017): channels grow by the same amount from block to block."""

from torch import Tensor, nn

from understudy.classifiers.blocks import CONVOLUTIONS, EXPANSION, block_convolutions, preactivated
from understudy.classifiers.families import PyramidNetArguments
from understudy.classifiers.layers import AveragePool, BatchNorm, Head, Shape, conv3x3, initialise
from understudy.classifiers.stacked_operations import add_channels


class PyramidBlock(nn.Module):
    """BN, conv, BN, ReLU, conv, BN: no ReLU first, a normalisation last, a shortcut without parameters.

    The shortcut is averaged where the block strides, and its missing channels are zeros.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, block: str):
        super().__init__()
        first, *others = block_convolutions(block, inputs, outputs, stride)
        self.residual = nn.Sequential(BatchNorm(inputs), first, *preactivated(others), BatchNorm(outputs))
        # Odd sides round up, as the strided convolution's do.
        self.pool = nn.Identity() if stride == 1 else AveragePool(2, ceil_mode=True)
        self.missing = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + add_channels(self.pool(x), self.missing)


def block_widths(arguments: PyramidNetArguments, blocks: int) -> list[int]:
    """Channels before the first block and after each: floor(D_0 + k alpha / blocks) (equation 3).

    The published parameter counts need the floor; rounding to the nearest gives 0.1 M more.
    """
    return [int(arguments.width + arguments.alpha * k / blocks) for k in range(blocks + 1)]


class PyramidNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]."""

    def __init__(self, arguments: PyramidNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"PyramidNet-{arguments.depth}")
        per_stage = (arguments.depth - 2) // (3 * CONVOLUTIONS[arguments.block])
        widths = block_widths(arguments, 3 * per_stage)
        layers: list[nn.Module] = [conv3x3(shape.channels, widths[0]), BatchNorm(widths[0])]
        inputs = widths[0]
        for position, width in enumerate(widths[1:]):
            stride = 2 if position in (per_stage, 2 * per_stage) else 1
            outputs = width * EXPANSION[arguments.block]
            layers.append(PyramidBlock(inputs, outputs, stride, arguments.block))
            inputs = outputs
        self.layers = nn.Sequential(*layers, BatchNorm(inputs), nn.ReLU())
        self.head = Head(inputs, shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x))
