"""The networks of StyleGAN2 (Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN").

Sizes follow the reference setting for CIFAR-10; every resolution that is 4 times a power of two is possible.
Training settings are in ``settings.py``, the losses in ``losses.py``.
"""

import itertools
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.generators.layers import (
    GAIN,
    EqualizedConv,
    EqualizedLinear,
    MinibatchStd,
    Upfirdn2d,
    cast,
    check_resolution,
    downsample,
    leaky_relu,
    upsample,
)
from understudy.generators.settings import StyleGAN2Settings


def normalise(x: Tensor) -> Tensor:
    """Scale each row of [N, D] to unit second moment."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class MappingNetwork(nn.Module):
    """Map latents and labels to styles w; without latents, labels alone to what the discriminator compares with."""

    def __init__(self, latent: int, classes: int, width: int, layers: int, rate: float):
        super().__init__()
        self.embedding = EqualizedLinear(classes, width) if classes > 1 else None
        widths = [latent + (width if classes > 1 else 0)] + [width] * layers
        self.layers = nn.Sequential(
            *[EqualizedLinear(a, b, activate=True, multiplier=rate) for a, b in itertools.pairwise(widths)]
        )

    def forward(self, z: Tensor | None, labels: Tensor) -> Tensor:
        """Map z [N, latent] and one-hot labels [N, classes] to [N, width]."""
        parts = [] if z is None else [normalise(z)]
        if self.embedding is not None:
            parts.append(normalise(self.embedding(labels)))
        return self.layers(torch.cat(parts, dim=1))


class ModulatedConv(nn.Module):
    """A convolution whose weights are scaled per image by its style (equations 1 and 3).

    The scaling is moved from the weights to the input, w'' = d (s w), (s w) * x = w * (s x), and the demodulation d to
    the output: all images then share one weight tensor, and no per-image copy of it is ever made.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, width: int, up_from: int = 0,
                 demodulate: bool = True):  # fmt: skip
        super().__init__()
        self.affine = EqualizedLinear(width, in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel, kernel))
        self.demodulate = demodulate
        self.precision: torch.dtype | None = None
        # A 3x3 transposed convolution of stride 2 makes 2 L + 1 pixels; zeros between pixels cost a gain of 2 an axis.
        self.blur = Upfirdn2d(2 * up_from + 1, 2 * up_from, gain=2.0) if up_from else None

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights."""
        nn.init.normal_(self.weight, generator=generator)

    def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        """Map x [N, in_channels, H, W] and styles w [N, width] to a plain convolution and its scale, [N, out_channels].

        Scaling is left to the caller, who has more to multiply the scale with.
        """
        style = self.affine(w)
        if self.demodulate:
            # d = (sum_{i,k} (s_i w_{o i k})^2 + eps)^(-1/2); the equalised gain cancels.
            scale = (style.square() @ self.weight.square().sum(dim=(2, 3)).T + 1e-8).rsqrt()
        else:
            scale = torch.full((1, 1), 1 / math.sqrt(self.weight[0].numel()), device=x.device)
        x, weight = cast(self.precision, x * style[:, :, None, None], self.weight)
        if self.blur is not None:
            return self.blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)), scale
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2), scale


class SynthesisLayer(nn.Module):
    """Modulated convolution, noise, bias and leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, size: int, width: int, up: bool = False):
        super().__init__()
        self.size = size
        self.conv = ModulatedConv(in_channels, out_channels, 3, width, up_from=size // 2 if up else 0)
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor, gain: float = 1.0) -> Tensor:
        """Map x, styles [N, width] and noise [N, 1, size, size] to [N, out_channels, size, size]."""
        y, scale = self.conv(x, w)
        gain = gain * GAIN
        shift = noise * (self.noise_strength * gain) + self.bias[:, None, None] * gain
        return leaky_relu(y * (scale * gain)[:, :, None, None] + shift)


class ToRGB(nn.Module):
    """A modulated 1x1 convolution to image channels, without demodulation."""

    def __init__(self, in_channels: int, channels: int, width: int):
        super().__init__()
        self.conv = ModulatedConv(in_channels, channels, 1, width, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Map x [N, in_channels, H, W] to [N, channels, H, W]."""
        y, scale = self.conv(x, w)
        return y * scale[:, :, None, None] + self.bias[:, None, None]


class SynthesisBlock(nn.Module):
    """One resolution of the generator in the orig, skip or residual form (figure 7 of the paper)."""

    def __init__(self, in_channels: int, out_channels: int, size: int, form: str, image_channels: int, width: int):
        super().__init__()
        self.first = SynthesisLayer(in_channels, out_channels, size, width, up=True) if size > 4 else None
        self.second = SynthesisLayer(out_channels, out_channels, size, width)
        self.to_rgb = ToRGB(out_channels, image_channels, width) if image_channels else None
        self.upsample_image = upsample(size // 2) if form == "skip" and size > 4 else None
        self.residual = form == "residual" and size > 4
        if self.residual:
            self.shortcut = EqualizedConv(in_channels, out_channels, 1, size, activate=False, bias=False)
            self.upsample = upsample(size // 2)

    @property
    def layers(self) -> list[SynthesisLayer]:
        """The styled layers, in order."""
        return [layer for layer in (self.first, self.second) if layer is not None]

    def forward(self, x: Tensor, image: Tensor | None, styles: Sequence[Tensor], noises: Sequence[Tensor]
                ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        """Return features and image of this resolution.

        ``noises`` holds one tensor per layer, ``styles`` one per layer and, last, that of the image.
        """
        # The variances of two paths add up, so each is scaled by 1 / sqrt(2).
        shortcut = self.shortcut(self.upsample(x), gain=math.sqrt(0.5)) if self.residual else None
        if self.first is not None:
            x = self.first(x, styles[0], noises[0])
        x = self.second(x, styles[-2], noises[-1], gain=math.sqrt(0.5) if self.residual else 1.0)
        if shortcut is not None:
            x = x + shortcut
        if self.to_rgb is not None:
            own = self.to_rgb(x, styles[-1])
            image = own if self.upsample_image is None or image is None else own + self.upsample_image(image)
        return x, image


class StyleGAN2Generator(nn.Module):
    """StyleGAN2's generator: latents and labels to images in [-1, 1] and, while it learns, somewhat beyond."""

    def __init__(self, settings: StyleGAN2Settings, resolution: int, channels: int, classes: int):
        super().__init__()
        sizes = [4 * 2**k for k in range(check_resolution(resolution, channels) + 1)]
        depth = [min(settings.channels_base // size, settings.channels_max) for size in sizes]
        self.latent, width = settings.latent, settings.latent
        self.mapping = MappingNetwork(self.latent, classes, width, settings.mapping_layers, settings.mapping_rate)
        self.constant = nn.Parameter(torch.empty(depth[0], 4, 4))
        form = settings.generator_form
        image_channels = [channels if form == "skip" or size == resolution else 0 for size in sizes]
        self.blocks = nn.ModuleList(
            SynthesisBlock(in_channels, out_channels, size, form, to_rgb, width)
            for in_channels, out_channels, size, to_rgb in zip(
                [depth[0], *depth[:-1]], depth, sizes, image_channels, strict=True
            )
        )
        self.noise_sizes = [layer.size for block in self.blocks for layer in block.layers]
        self.random_numbers = self.latent + sum(size**2 for size in self.noise_sizes)
        # An image has the style of the layer that follows it, and the last image one of its own.
        self.style_count = len(self.noise_sizes) + 1

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the constant input."""
        nn.init.normal_(self.constant, generator=generator)

    def forward(self, random: Tensor, labels: Tensor, offset: Tensor | None = None) -> Tensor:
        """Map standard normal numbers [N, random_numbers] and one-hot labels [N, classes] to [N, C, H, W].

        ``offset`` [N, style_count, latent] is added to the styles: the gradient with respect to it is that of the
        styles.
        """
        w = self.mapping(random[:, : self.latent], labels)
        styles = [w] * self.style_count if offset is None else (w[:, None] + offset).unbind(dim=1)
        return self.synthesise(styles, random[:, self.latent :])

    def synthesise(self, styles: Sequence[Tensor], noise: Tensor) -> Tensor:
        """Map ``style_count`` styles w [N, latent] and the noise of all layers [N, sum of sizes^2] to [N, C, H, W]."""
        pieces = noise.split([size**2 for size in self.noise_sizes], dim=1)
        noises = [p.unflatten(1, (1, size, size)) for p, size in zip(pieces, self.noise_sizes, strict=True)]
        x, image, first = self.constant.expand(len(noise), -1, -1, -1), None, 0
        for block in self.blocks:
            last = first + len(block.layers)
            x, image = block(x, image, styles[first : last + 1], noises[first:last])
            first = last
        return image


class DiscriminatorBlock(nn.Module):
    """Two convolutions that halve the resolution, in the orig, skip or residual form."""

    def __init__(self, in_channels: int, out_channels: int, size: int, form: str, channels: int, first: bool):
        super().__init__()
        self.from_rgb = EqualizedConv(channels, in_channels, 1, size) if first or form == "skip" else None
        self.halve_image = downsample(size) if form == "skip" else None
        self.first = EqualizedConv(in_channels, in_channels, 3, size)
        self.second = EqualizedConv(in_channels, out_channels, 3, size, down=True)
        self.residual = form == "residual"
        if self.residual:
            self.shortcut = EqualizedConv(in_channels, out_channels, 1, size, down=True, activate=False, bias=False)

    def forward(self, x: Tensor | None, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return features at half the resolution, and the image for the next block."""
        if self.from_rgb is not None:
            read = self.from_rgb(image)
            x = read if x is None else x + read
        if self.halve_image is not None:
            image = self.halve_image(image)
        if self.residual:
            gain = math.sqrt(0.5)
            return self.second(self.first(x), gain=gain) + self.shortcut(x, gain=gain), image
        return self.second(self.first(x)), image


class StyleGAN2Discriminator(nn.Module):
    """StyleGAN2's discriminator with projection conditioning: images and labels to logits [N]."""

    def __init__(self, settings: StyleGAN2Settings, resolution: int, channels: int, classes: int):
        super().__init__()
        sizes = [4 * 2**k for k in range(check_resolution(resolution, channels), 0, -1)]
        form = settings.discriminator_form

        def depth(size: int) -> int:
            return min(settings.channels_base // size, settings.channels_max)

        last = depth(4)
        self.width = settings.latent
        self.mapping = None
        if classes > 1:
            self.mapping = MappingNetwork(0, classes, self.width, settings.label_mapping_layers, settings.mapping_rate)
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(depth(size), depth(size // 2), size, form, channels, size == resolution)
            for size in sizes
        )
        self.from_rgb = EqualizedConv(channels, last, 1, 4) if form == "skip" or not sizes else None
        self.minibatch_std = MinibatchStd(settings.minibatch_std_group)
        self.conv = EqualizedConv(last + 1, last, 3, 4)
        self.linear = EqualizedLinear(last * 16, last, activate=True)
        self.out = EqualizedLinear(last, self.width if self.mapping is not None else 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Map images [N, C, H, W] and one-hot labels [N, classes] to logits [N]."""
        x = None
        for block in self.blocks:
            x, images = block(x, images)
        if self.from_rgb is not None:
            read = self.from_rgb(images)
            x = read if x is None else x + read
        x = self.conv(self.minibatch_std(x.to(self.conv.weight.dtype)))  # [N, last, 4, 4]
        x = self.out(self.linear(x.flatten(1)))
        if self.mapping is None:
            return x.squeeze(1)
        # Every label of a class maps to one vector: compute it once a class, not once an image.
        classes = torch.eye(labels.shape[1], device=labels.device)
        embedded = labels @ self.mapping(None, classes)
        return (x * embedded).sum(dim=1) / math.sqrt(self.width)
