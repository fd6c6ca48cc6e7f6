"""Pre-activation ResNet (He et al. 2016b), with squeeze and excitation (Hu et al. 2018) if asked for."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.arguments import PreactResNetArguments, SEPreactResNetArguments
from understudy.classifiers.layers import BatchNorm, Head, Linear, Shape, conv1x1, conv3x3, initialise


class SqueezeExcitation(nn.Module):
    """Channel weights sigmoid(W2 ReLU(W1 mean(x))), the middle layer `reduction` times smaller."""

    def __init__(self, channels: int, reduction: int):
        super().__init__()
        # Networks narrower than the reduction keep one unit.
        squeezed = max(1, channels // reduction)
        self.squeeze = Linear(channels, squeezed)
        self.excite = Linear(squeezed, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((-2, -1))))))  # [..., N, C]
        return x * weights[..., None, None]


class PreactBlock(nn.Module):
    """Normalisation and ReLU before each convolution, none after the sum.

    Where `shortcut_after` is true, the shortcut starts after the first normalisation and ReLU instead of before them.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut_after: bool, arguments: PreactResNetArguments):
        super().__init__()
        self.shortcut_after = shortcut_after
        relu_first = shortcut_after or not arguments.remove_first_relu
        self.preactivation = nn.Sequential(BatchNorm(inputs), nn.ReLU() if relu_first else nn.Identity())
        convolutions = _convolutions(inputs, outputs, stride, arguments.block)
        layers: list[nn.Module] = [convolutions[0]]
        for convolution in convolutions[1:]:
            layers += [BatchNorm(convolution.in_channels), nn.ReLU(), convolution]
        if arguments.add_last_bn:
            layers.append(BatchNorm(outputs))
        if isinstance(arguments, SEPreactResNetArguments):
            layers.append(SqueezeExcitation(outputs, arguments.reduction))
        self.residual = nn.Sequential(*layers)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv1x1(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.preactivation(x)
        return self.residual(activated) + self.shortcut(activated if self.shortcut_after else x)


def _convolutions(inputs: int, outputs: int, stride: int, block: str) -> list[nn.Conv2d]:
    if block == "basic":
        return [conv3x3(inputs, outputs, stride), conv3x3(outputs, outputs)]
    inner = outputs // 4
    return [conv1x1(inputs, inner), conv3x3(inner, inner, stride), conv1x1(inner, outputs)]


class PreactResNet(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]."""

    def __init__(self, arguments: PreactResNetArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"pre-activation ResNet-{arguments.depth}")
        layers_per_block, expansion = {"basic": (2, 1), "bottleneck": (3, 4)}[arguments.block]
        blocks = (arguments.depth - 2) // (3 * layers_per_block)
        width = arguments.width
        self.stem = conv3x3(shape.channels, width)
        layers, inputs = [], width
        for stage in range(3):
            outputs = width * expansion * 2**stage
            for place in range(blocks):
                stride = 2 if stage > 0 and place == 0 else 1
                shortcut_after = place == 0 and arguments.preact_stages[stage]
                layers.append(PreactBlock(inputs, outputs, stride, shortcut_after, arguments))
                inputs = outputs
        self.stages = nn.Sequential(*layers, BatchNorm(inputs), nn.ReLU())
        self.head = Head(inputs, shape.classes)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stages(self.stem(x)))
