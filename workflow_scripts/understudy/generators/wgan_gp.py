"""The networks of WGAN-GP in its residual form (Gulrajani et al. 2017, appendix C), with AC-GAN heads.

The conditional form has batch normalisation with a scale and shift per class in the generator (Dumoulin et al. 2017)
and a head that tells classes in the critic (Odena et al. 2017); the critic has no normalisation.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.generators.layers import check_resolution
from understudy.generators.settings import WGANGPSettings

# Resolution at which the critic stops halving, and the blocks that follow there.
CRITIC_RESOLUTION = 8
CRITIC_PLAIN_BLOCKS = 2


class Conv(nn.Conv2d):
    """A convolution that keeps the size, initialised for what follows it: a ReLU (gain sqrt(2)) or a sum (gain 1)."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, gain: float = math.sqrt(2)):
        super().__init__(in_channels, out_channels, kernel, padding=kernel // 2)
        self.gain = gain

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights; the bias is zero."""
        nn.init.normal_(self.weight, std=self.gain / math.sqrt(self.weight[0].numel()), generator=generator)
        nn.init.zeros_(self.bias)


class Linear(nn.Linear):
    """A linear layer with weights of variance 1 / in_features."""

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights; the bias is zero."""
        nn.init.normal_(self.weight, std=1 / math.sqrt(self.in_features), generator=generator)
        nn.init.zeros_(self.bias)


class ClassBatchNorm(nn.Module):
    """Batch normalisation with a scale and shift per class.

    In training mode it takes a batch's own statistics. In evaluation mode it takes those recorded by
    :meth:`WGANGPGenerator.record_statistics`, so that an image does not depend on the others of its batch.
    """

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(classes, channels))
        self.shift = nn.Parameter(torch.zeros(classes, channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.recording = False

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Normalise x [N, C, H, W]; labels are one-hot [N, classes]."""
        if self.recording:
            self.mean.copy_(x.mean(dim=(0, 2, 3)))
            self.variance.copy_(x.var(dim=(0, 2, 3), unbiased=False))
        statistics = (None, None) if self.training else (self.mean, self.variance)
        y = F.batch_norm(x, *statistics, training=self.training)
        return torch.addcmul((labels @ self.shift)[:, :, None, None], y, (labels @ self.scale)[:, :, None, None])


class GeneratorBlock(nn.Module):
    """Normalise, ReLU, double the resolution, convolve, and again; added to a 1x1 convolution of the input."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.norm1, self.norm2 = ClassBatchNorm(channels, classes), ClassBatchNorm(channels, classes)
        self.conv1, self.conv2 = Conv(channels, channels, 3), Conv(channels, channels, 3)
        self.shortcut = Conv(channels, channels, 1, gain=1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, 2 H, 2 W]."""
        y = double(F.relu(self.norm1(x, labels)))
        y = self.conv2(F.relu(self.norm2(self.conv1(y), labels)))
        # A 1x1 convolution and doubling commute; in this order it costs a quarter.
        return y + double(self.shortcut(x))


def double(x: Tensor) -> Tensor:
    """Repeat each pixel twice along both axes."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


class WGANGPGenerator(nn.Module):
    """Latents and labels to images in [-1, 1]."""

    def __init__(self, settings: WGANGPSettings, resolution: int, channels: int, classes: int):
        super().__init__()
        width = settings.generator_channels
        self.width = width
        self.random_numbers = settings.latent
        self.linear = Linear(settings.latent, width * 16)
        self.blocks = nn.ModuleList(
            GeneratorBlock(width, classes) for _ in range(check_resolution(resolution, channels))
        )
        self.norm = ClassBatchNorm(width, classes)
        self.out = Conv(width, channels, 3, gain=1)

    def forward(self, random: Tensor, labels: Tensor) -> Tensor:
        """Map standard normal numbers [N, latent] and one-hot labels [N, classes] to images [N, C, H, W]."""
        x = self.linear(random).unflatten(1, (self.width, 4, 4))
        for block in self.blocks:
            x = block(x, labels)
        return torch.tanh(self.out(F.relu(self.norm(x, labels))))

    @torch.no_grad()
    def record_statistics(self, random: Tensor, labels: Tensor) -> None:
        """Keep the statistics of one large batch for evaluation mode."""
        norms = [module for module in self.modules() if isinstance(module, ClassBatchNorm)]
        for norm in norms:
            norm.recording = True
        self.train()(random, labels)
        for norm in norms:
            norm.recording = False
        self.eval()


class CriticBlock(nn.Module):
    """Two convolutions added to the input, which a 1x1 convolution fits where the resolution is halved."""

    def __init__(self, in_channels: int, out_channels: int, halve: bool, first: bool):
        super().__init__()
        self.conv1, self.conv2 = Conv(in_channels, out_channels, 3), Conv(out_channels, out_channels, 3)
        self.shortcut = Conv(in_channels, out_channels, 1, gain=1) if halve else None
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, in_channels, H, W] to [N, out_channels, H, W], halved where this block does so."""
        # A ReLU on the image itself would lose its dark half.
        y = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if self.shortcut is None:
            return x + y
        return F.avg_pool2d(y, 2) + self.shortcut(F.avg_pool2d(x, 2))


class WGANGPCritic(nn.Module):
    """Images to a score and, where there are several classes, their logits: [N, 1] or [N, 1 + classes]."""

    def __init__(self, settings: WGANGPSettings, resolution: int, channels: int, classes: int):
        super().__init__()
        width = settings.critic_channels
        doublings = check_resolution(resolution, channels)
        halvings = max(doublings - int(math.log2(CRITIC_RESOLUTION // 4)), min(doublings, 1))
        blocks = [CriticBlock(channels if k == 0 else width, width, True, k == 0) for k in range(halvings)]
        if not blocks:
            blocks = [Conv(channels, width, 3)]
        blocks += [CriticBlock(width, width, False, False) for _ in range(CRITIC_PLAIN_BLOCKS)]
        self.blocks = nn.Sequential(*blocks)
        self.heads = Linear(width, 1 + (classes if classes > 1 else 0))

    def forward(self, images: Tensor) -> Tensor:
        """Return the score, then the class logits."""
        return self.heads(F.relu(self.blocks(images)).mean(dim=(2, 3)))
