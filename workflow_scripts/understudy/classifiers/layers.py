"""Layers that several families share; each takes one run's tensors, or those of W runs stacked in a first dimension.

Stacked, an image batch is [W, N, C, H, W] and a weight [W, ...]: run i's images meet run i's weights alone. In memory
the runs lie side by side within an image ([N, W, C, H, W]), as grouped convolution and normalisation want them.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from understudy.errors import StudyError

# A stacked convolution whose matrix has no more entries than this is a product with that matrix: at 2x2 and 4x4 pixels
# that costs half of a grouped convolution and less (on one core with AVX-512), the more where channels don't fill a
# vector of eight, which the library's grouped kernels want.
LARGEST_MATRIX = 16_384
LARGEST_MATRIX_ODD = 40_000
# Numbers of a cache line: in a vector of whole lines, kernels treat no number apart as a remainder.
LINE = 16


@dataclass(frozen=True)
class Shape:
    """What a network sees and says: image channels, image side in pixels, number of classes."""

    channels: int
    size: int
    classes: int

    def check_strides(self, halvings: int, network: str) -> None:
        """Refuse images that `halvings` strides of two would shrink to nothing."""
        if self.size < 2**halvings:
            raise StudyError(
                f"{network}: images of {self.size}x{self.size} pixels are too small for its {halvings} strides of two; "
                f"at least {2**halvings}x{2**halvings} are needed: choose another model or larger images"
            )


def merge_runs(x: Tensor) -> Tensor:
    """[W, N, C, H, W] to [N, WC, H, W]; no copy if a merged layer made `x`."""
    return x.transpose(0, 1).flatten(1, 2)


def part_runs(x: Tensor, width: int) -> Tensor:
    """Undo `merge_runs`."""
    return x.unflatten(1, (width, -1)).transpose(0, 1)


def convolve(x: Tensor, weight: Tensor, stride: int, padding: int, groups: int = 1) -> Tensor:
    """Convolve run i's images x[i] with its weight[i]: [W, N, C, H, W] and [W, O, C / groups, k, k].

    Small images are multiplied by the convolution's matrix instead.
    """
    width, outputs, size = len(x), weight.shape[1], x.shape[-1]
    if groups == 1 and has_small_matrix(x, outputs, stride):
        products = torch.bmm(x.flatten(2), convolution_matrix(weight, size, stride, padding))
        side = -(-size // stride)
        return products.unflatten(2, (outputs, side, side))
    merged = merge_runs(x)
    if x.device.type == "cpu" and (weight.shape[1] // groups % 8 or weight.shape[2] % 8):
        # Kernels for groups of channels that don't fill a vector are two to ten times faster with channels last.
        merged = merged.contiguous(memory_format=torch.channels_last)
    merged = F.conv2d(merged, weight.flatten(0, 1), None, stride, padding, groups=width * groups)
    # Normalisation with channels last would treat the last channels apart, and a run's last bits would depend on its
    # place.
    return part_runs(merged.contiguous(), width)


def has_small_matrix(x: Tensor, outputs: int, stride: int) -> bool:
    """Whether a convolution of x [W, N, C, H, W] that keeps the resolution, stride apart, is worth a matrix."""
    channels, size = x.shape[-3], x.shape[-1]
    side = -(-size // stride)
    largest = LARGEST_MATRIX if channels % 8 == 0 else LARGEST_MATRIX_ODD
    return channels * size**2 * outputs * side**2 <= largest


def convolution_matrix(weight: Tensor, size: int, stride: int, padding: int) -> Tensor:
    """Matrices M [W, C H W, O H' W'] with x.flatten() M[i] = conv(x, weight[i]).flatten(), weights [W, O, C, k, k]."""
    width, outputs, channels, kernel, _ = weight.shape
    pixels, side = size**2, -(-size // stride)
    taps = _taps(size, kernel, stride, padding, weight.dtype, weight.device)  # [k k, H W H' W' and zeros]
    # A product for each run, since the last bits of one product's rows depend on their places.
    entries = torch.bmm(weight.reshape(width, -1, kernel**2), taps.expand(width, -1, -1))[..., : pixels * side**2]
    entries = entries.reshape(width, outputs, channels, pixels, side**2).permute(0, 2, 3, 1, 4)  # [W, C, H W, O, H' W']
    return entries.reshape(width, channels * pixels, outputs * side**2)


@lru_cache(maxsize=64)
def _taps(size: int, kernel: int, stride: int, padding: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Whether input pixel i meets output pixel o under tap t of the kernel: 0 or 1, a row for each tap.

    Rows are filled up with zeros to whole cache lines: where the rows of a product's factors begin anywhere in a line,
    its last bits may depend on where (as those of the weights' gradients do on processors with AVX2 kernels).
    """
    pixels = torch.eye(size**2, dtype=dtype, device=device).view(size**2, 1, size, size)
    met = F.unfold(pixels, kernel, padding=padding, stride=stride)  # [H W, k k, H' W']
    met = met.transpose(0, 1).flatten(1)
    return F.pad(met, (0, -met.shape[1] % LINE))


class Convolution(nn.Conv2d):
    """A convolution without bias."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 4:
            return super().forward(x)
        return convolve(x, self.weight, self.stride[0], self.padding[0], self.groups)


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation; stacked runs have statistics of their own."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 4:
            return super().forward(x)
        # The running statistics are updated in place, through their views.
        running = self.running_mean.view(-1), self.running_var.view(-1)
        affine = self.weight.flatten(), self.bias.flatten()
        return part_runs(F.batch_norm(merge_runs(x), *running, *affine, self.training, self.momentum, self.eps), len(x))


class AveragePool(nn.AvgPool2d):
    """Average pooling."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.dim() == 4 else part_runs(super().forward(merge_runs(x)), len(x))


class Linear(nn.Linear):
    """A linear layer: [..., N, inputs] to [..., N, outputs]."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.dim() == 2 else torch.baddbmm(self.bias[:, None], x, self.weight.mT)


def conv3x3(inputs: int, outputs: int, stride: int = 1, groups: int = 1) -> Convolution:
    """3x3 convolution that keeps the resolution (stride apart); no bias, since normalisation follows."""
    return Convolution(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False)


def conv1x1(inputs: int, outputs: int, stride: int = 1) -> Convolution:
    """1x1 convolution without bias."""
    return Convolution(inputs, outputs, 1, stride, bias=False)


class Head(nn.Module):
    """Global average pooling and a linear layer: [..., N, C, H, W] to logits [..., N, classes]."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.linear = Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean((-2, -1)))


def initialise(network: nn.Module, mode: str = "fan_out") -> None:
    """Kaiming initialisation for ReLU (He et al. 2015) of convolutions and linear layers; biases zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def stages_of(block: type[nn.Module], widths: list[tuple[int, int]], blocks: int, **options) -> nn.Sequential:
    """Blocks of a three-stage CIFAR network; `widths` are a stage's (input, output) channels.

    The first block of every stage but the first halves the resolution.
    """
    layers = []
    for stage, (inputs, outputs) in enumerate(widths):
        for place in range(blocks):
            stride = 2 if stage > 0 and place == 0 else 1
            layers.append(block(inputs if place == 0 else outputs, outputs, stride, **options))
    return nn.Sequential(*layers)
