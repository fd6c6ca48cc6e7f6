"""PyramidNet (Han et al. 2017): channels grow by the same amount from block to block."""

from torch import Tensor, nn

from understudy.classifiers.blocks import EXPANSION, block_convolutions, preactivated
from understudy.classifiers.families import PyramidNetArguments
from understudy.classifiers.layers import AveragePool, BatchNorm, Head, Shape, assemble, conv3x3
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


def pyramidnet(arguments: PyramidNetArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]."""
    shape.check_strides(2, f"PyramidNet-{arguments.depth}")
    per_stage = arguments.blocks
    inputs, *widths = block_widths(arguments, 3 * per_stage)
    layers: list[nn.Module] = [conv3x3(shape.channels, inputs), BatchNorm(inputs)]
    for position, width in enumerate(widths):
        stride = 2 if position in (per_stage, 2 * per_stage) else 1
        outputs = width * EXPANSION[arguments.block]
        layers.append(PyramidBlock(inputs, outputs, stride, arguments.block))
        inputs = outputs
    layers += [BatchNorm(inputs), nn.ReLU()]
    return assemble(layers=nn.Sequential(*layers), head=Head(inputs, shape.classes))
