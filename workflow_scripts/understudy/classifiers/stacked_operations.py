"""What stacked runs need done otherwise than torch's layers do it: convolution, normalisation, joining channels.

Logically a stack's images are [W, N, C, H, W'], run i's in place i. In memory, on a CPU, they lie *by channel*,
[W, C, N, H, W'], between all layers: normalisation then reads one stretch of memory per channel, and operations on
single numbers find both operands in the same order, without which they cost ten times more. A convolution reorders its
images and gradients for itself. On a GPU the runs lie side by side within an image, [N, W, C, H, W'], so that a grouped
convolution reads them as they are.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F

# A stacked convolution whose matrix has no more entries than this is a product with that matrix: at 2x2 and 4x4 pixels
# that costs 0.6 to 1 of a grouped convolution (on one core with AVX-512). A channel by itself has a matrix of its own.
LARGEST_MATRIX = 20_000
LARGEST_CHANNEL_MATRIX = 1024
# Numbers of a cache line: in a vector of whole lines, kernels treat no number apart as a remainder.
LINE = 16


def by_channel(x: Tensor) -> Tensor:
    """The same images [W, N, C, H, W'], lying by channel in memory."""
    return x.transpose(1, 2).contiguous().transpose(1, 2)


def merge_runs(x: Tensor) -> Tensor:
    """[W, N, C, H, W'] to [N, WC, H, W'], contiguous."""
    return x.permute(1, 0, 2, 3, 4).contiguous().flatten(1, 2)


def part_runs(x: Tensor, width: int) -> Tensor:
    """Undo `merge_runs`."""
    return x.unflatten(1, (width, -1)).transpose(0, 1)


def convolve(x: Tensor, weight: Tensor, stride: int, padding: int, groups: int = 1) -> Tensor:
    """Convolve run i's images x[i] with its weight[i]: [W, N, C, H, W'] and [W, O, C / groups, k, k].

    On a CPU many convolutions of small images are products of matrices, which cost half of a grouped convolution. The
    last bits of a product may depend on where in a cache line its factors begin, so they shall fill whole lines: a
    run's results don't depend on its place in the stack.
    """
    width, outputs, channels, kernel, _ = weight.shape
    if x.device.type != "cpu":
        merged = F.conv2d(merge_runs(x), weight.flatten(0, 1), None, stride, padding, groups=width * groups)
        return part_runs(merged, width)
    before, after = x.shape[-1] ** 2, (-(-x.shape[-1] // stride)) ** 2
    if groups == 1 and kernel == 1:
        return _pointwise(x[..., ::stride, ::stride], weight.flatten(2))
    if channels == 1 and groups == outputs and before * after <= LARGEST_CHANNEL_MATRIX and _fill_lines(before * after):
        return _depthwise(x, weight, stride, padding)
    rows, columns = channels * before, outputs * after
    if groups == 1 and rows * columns <= LARGEST_MATRIX and _fill_lines(rows, columns):
        return _MatrixProduct.apply(x, convolution_matrix(weight, x.shape[-1], stride, padding), outputs)
    return _GroupedConvolution.apply(x, weight, stride, padding, groups)


def _fill_lines(*counts: int) -> bool:
    return all(count % LINE == 0 for count in counts)


def _pointwise(x: Tensor, weight: Tensor) -> Tensor:
    """A 1x1 convolution with weights [W, O, C]: images by channel are a matrix as they lie."""
    flat = x.transpose(1, 2).flatten(2).contiguous()  # [W, C, N H W']
    count = flat.shape[2]
    if count % LINE:
        flat = F.pad(flat, (0, -count % LINE))
    products = torch.bmm(weight, flat)[..., :count]
    return products.unflatten(2, (x.shape[1], *x.shape[3:])).transpose(1, 2)


def _depthwise(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """A convolution of each channel by itself, weights [W, C, 1, k, k]: a matrix for each channel."""
    size, side = x.shape[-1], -(-x.shape[-1] // stride)
    matrices = convolution_matrix(weight.flatten(0, 1)[:, None], size, stride, padding)  # [WC, H W', H" W"]
    products = torch.bmm(x.transpose(1, 2).flatten(0, 1).flatten(2), matrices)  # [WC, N, H" W"]
    return products.view(*weight.shape[:2], -1, side, side).transpose(1, 2)


class _MatrixProduct(torch.autograd.Function):
    """Images [W, N, C, H, W'] times matrices [W, C H W', O H'' W''], as images by channel; so are the gradients."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, matrix: Tensor, outputs: int) -> Tensor:
        flat = x.flatten(2)
        ctx.save_for_backward(flat, matrix)
        ctx.shape = x.shape[2:]
        side = round((matrix.shape[2] // outputs) ** 0.5)
        return by_channel(torch.bmm(flat, matrix).unflatten(2, (outputs, side, side)))

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        flat, matrix = ctx.saved_tensors
        gradient = gradient.flatten(2)
        images = None
        if ctx.needs_input_grad[0]:
            images = by_channel(torch.bmm(gradient, matrix.mT).unflatten(2, ctx.shape))
        return images, torch.bmm(flat.mT, gradient), None


class _GroupedConvolution(torch.autograd.Function):
    """All runs' convolutions as groups of one, on a CPU; images and their gradients lie by channel."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, weight: Tensor, stride: int, padding: int, groups: int) -> Tensor:
        width = len(x)
        # Kernels for groups of channels that don't fill a vector are two to ten times faster with channels last.
        odd = weight.shape[1] // groups % 8 or weight.shape[2] % 8
        ctx.format = torch.channels_last if odd else torch.contiguous_format
        merged, kernels = merge_runs(x).contiguous(memory_format=ctx.format), weight.flatten(0, 1)
        ctx.save_for_backward(merged, kernels)
        ctx.width, ctx.settings = width, ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], width * groups)
        return _parted(torch.conv2d(merged, kernels, None, stride, padding, groups=width * groups), width)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        merged, kernels = ctx.saved_tensors
        gradient = merge_runs(gradient).contiguous(memory_format=ctx.format)
        wanted = [ctx.needs_input_grad[0], True, False]
        images, weight, _ = torch.ops.aten.convolution_backward(gradient, merged, kernels, None, *ctx.settings, wanted)
        images = None if images is None else _parted(images, ctx.width)
        return images, weight.unflatten(0, (ctx.width, -1)), None, None, None


def _parted(merged: Tensor, width: int) -> Tensor:
    """[N, WC, H, W'] to [W, N, C, H, W'] by channel; two plain copies are faster than one across three dimensions."""
    return by_channel(part_runs(merged.contiguous(), width))


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


def batch_normalise(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> Tensor:
    """Batch normalisation of images [W, N, C, H, W']; all else is [W, C]. Training updates the running statistics.

    In training on a CPU one group of a group normalisation stands for each channel: the same sums, three to six times
    faster than torch's batch normalisation, which adds up in double precision, number by number.
    """
    if not training or x.device.type != "cpu":
        running = running_mean.view(-1), running_var.view(-1)
        affine = weight.flatten(), bias.flatten()
        return part_runs(F.batch_norm(merge_runs(x), *running, *affine, training, momentum, eps), len(x))
    channels = x.transpose(1, 2).contiguous()  # [W, C, N, H, W']
    count, numbers = weight.numel(), channels[0, 0].numel()
    rows = channels.view(1, count, numbers)
    rows, mean, scale = torch.native_group_norm(rows, weight.flatten(), bias.flatten(), 1, count, numbers, count, eps)
    with torch.no_grad():
        variance = (scale**-2 - eps).clamp_min_(0) * (numbers / (numbers - 1))
        running_mean.lerp_(mean.view_as(running_mean), momentum)
        running_var.lerp_(variance.view_as(running_var), momentum)
    return rows.view_as(channels).transpose(1, 2)


def pool(x: Tensor, pooling: Callable[[Tensor], Tensor]) -> Tensor:
    """Pool images [..., N, C, H, W'] by a function of images [N, C, H, W'] that treats each channel alone."""
    if x.dim() == 4:
        return pooling(x)
    pooled = pooling(x.transpose(1, 2).flatten(0, 1))  # [W C, N, H', W'']
    return pooled.unflatten(0, (len(x), -1)).transpose(1, 2)


def join_channels(parts: list[Tensor]) -> Tensor:
    """Images [..., N, C_i, H, W'] to [..., N, sum of C_i, H, W']; stacked, they lie by channel."""
    if parts[0].dim() == 4:
        return torch.cat(parts, 1)
    return torch.cat([part.transpose(1, 2) for part in parts], 1).transpose(1, 2)


def add_channels(x: Tensor, missing: int) -> Tensor:
    """Images [..., N, C, H, W'] and that many channels of zeros; stacked, they lie by channel."""
    if x.dim() == 4:
        return F.pad(x, (0, 0, 0, 0, 0, missing))
    return F.pad(x.transpose(1, 2), (0, 0, 0, 0, 0, 0, 0, missing)).transpose(1, 2)
