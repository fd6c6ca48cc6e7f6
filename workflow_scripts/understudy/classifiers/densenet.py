"""DenseNet-BC (Huang et al. 2017): every layer sees all earlier ones of its dense block."""

from torch import Tensor, nn

from understudy.classifiers.blocks import preactivated
from understudy.classifiers.families import DenseNetArguments
from understudy.classifiers.layers import AveragePool, BatchNorm, Head, Shape, assemble, conv1x1, conv3x3
from understudy.classifiers.stacked_operations import join_channels


class DenseLayer(nn.Module):
    """BN, ReLU, 1x1 to 4k channels, BN, ReLU, 3x3 to k channels, joined to the input."""

    def __init__(self, inputs: int, growth_rate: int):
        super().__init__()
        inner = 4 * growth_rate
        convolutions = [conv1x1(inputs, inner), conv3x3(inner, growth_rate)]
        self.layers = nn.Sequential(*preactivated(convolutions))

    def forward(self, x: Tensor) -> Tensor:
        return join_channels([x, self.layers(x)])


def transition(inputs: int, outputs: int) -> nn.Sequential:
    """Between dense blocks: BN, ReLU, 1x1 compression, 2x2 average pooling."""
    return nn.Sequential(*preactivated([conv1x1(inputs, outputs)]), AveragePool(2))


def densenet(arguments: DenseNetArguments, shape: Shape) -> nn.Sequential:
    """Images [N, channels, size, size] to logits [N, classes]."""
    shape.check_strides(2, f"DenseNet-BC-{arguments.depth}")
    channels = 2 * arguments.growth_rate
    layers: list[nn.Module] = [conv3x3(shape.channels, channels)]
    for block in range(3):
        for _ in range(arguments.blocks):
            layers.append(DenseLayer(channels, arguments.growth_rate))
            channels += arguments.growth_rate
        if block < 2:
            compressed = int(channels * arguments.compression)
            layers.append(transition(channels, compressed))
            channels = compressed
    layers += [BatchNorm(channels), nn.ReLU()]
    return assemble(layers=nn.Sequential(*layers), head=Head(channels, shape.classes))
