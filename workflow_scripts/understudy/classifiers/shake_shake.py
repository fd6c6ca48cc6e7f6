"""Shake-Shake (Gastaldi 2017): two residual branches, mixed at random anew in the forward and the backward pass."""

from torch import Tensor, nn
from torch.nn import functional as F

from understudy.classifiers.blocks import BlockShape, block_shapes
from understudy.classifiers.families import ShakeShakeArguments
from understudy.classifiers.layers import BatchNorm, Head, Shape, conv1x1, conv3x3, initialise
from understudy.classifiers.stacked_operations import join_channels


def mix_branches(first: Tensor, second: Tensor, alpha: Tensor | float, beta: Tensor | float) -> Tensor:
    """Alpha first + (1 - alpha) second, whose gradient is that of beta first + (1 - beta) second."""
    backward = beta * first + (1 - beta) * second
    forward = alpha * first + (1 - alpha) * second
    return backward + (forward - backward).detach()


class Branch(nn.Module):
    """ReLU, 3x3, BN, ReLU, 3x3, BN."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            conv3x3(inputs, outputs, stride),
            BatchNorm(outputs),
            nn.ReLU(),
            conv3x3(outputs, outputs),
            BatchNorm(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class TwoPathShortcut(nn.Module):
    """Each half of the channels comes from a 1x1 convolution of the subsampled image, the second shifted by a pixel."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.stride = stride
        self.straight = conv1x1(inputs, outputs // 2)
        self.shifted = conv1x1(inputs, outputs // 2)
        self.normalise = BatchNorm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        shifted = F.pad(x[..., 1:, 1:], (0, 1, 0, 1))
        paths = [self.straight(self._subsample(x)), self.shifted(self._subsample(shifted))]
        return self.normalise(join_channels(paths))

    def _subsample(self, x: Tensor) -> Tensor:
        return x[..., :: self.stride, :: self.stride]


class ShakeBlock(nn.Module):
    """x + mixture of two branches; in eval mode each has weight 1/2."""

    def __init__(self, shape: BlockShape, arguments: ShakeShakeArguments):
        super().__init__()
        inputs, outputs, stride = shape.inputs, shape.outputs, shape.stride
        self.arguments = arguments
        self.first = Branch(inputs, outputs, stride)
        self.second = Branch(inputs, outputs, stride)
        self.shortcut = TwoPathShortcut(inputs, outputs, stride) if shape.changes else nn.Identity()

    def forward(self, x: Tensor, noise: Tensor | None) -> Tensor:
        """`noise` [..., N, 2]: alpha and beta (training only)."""
        alpha, beta = (0.5, 0.5) if noise is None else self._weights(noise)
        return self.shortcut(x) + mix_branches(self.first(x), self.second(x), alpha, beta)

    def _weights(self, noise: Tensor) -> tuple[Tensor | float, Tensor | float]:
        if self.arguments.level == "batch":
            noise = noise[..., :1, :]
        alpha, beta = noise[..., None, None, None].unbind(-4)  # [..., N, 1, 1, 1] each
        alpha = alpha if self.arguments.forward == "shake" else 0.5
        beta = {"shake": beta, "even": 0.5, "keep": alpha}[self.arguments.backward]
        return alpha, beta


class ShakeShake(nn.Module):
    """Images [N, channels, size, size] to logits [N, classes]; shake-shake-depth 2 x width d.

    In training `forward` takes `noise` [N, noise_size], uniform in [0, 1): two numbers per block.
    """

    def __init__(self, arguments: ShakeShakeArguments, shape: Shape):
        super().__init__()
        shape.check_strides(2, f"Shake-Shake-{arguments.depth}")
        self.stem = nn.Sequential(conv3x3(shape.channels, arguments.stem), BatchNorm(arguments.stem))
        shapes = block_shapes(arguments.stem, arguments.width, arguments.blocks)
        self.blocks = nn.ModuleList(ShakeBlock(one, arguments) for one in shapes)
        self.noise_size = 2 * len(self.blocks)
        self.head = Head(shapes[-1].outputs, shape.classes)
        initialise(self)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        x = self.stem(x)
        for k, block in enumerate(self.blocks):
            x = block(x, noise[..., 2 * k : 2 * k + 2] if self.training else None)
        return self.head(F.relu(x))
