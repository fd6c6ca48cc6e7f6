"""Building a network from its settings, with its normalisation inside."""

import importlib
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.devices import global_random_state
from understudy.errors import StudyError


class Classifier(nn.Module):
    """A candidate: images in pixel units [N, C, H, W], 0 to 255, uint8 or float, to logits [N, classes].

    Normalisation, x -> (x - mean) / deviation per channel, is part of the network, so that nobody who loads its weights
    has to know the training data's statistics. Networks that draw random numbers in training (Shake-Shake) say how
    many per image in `noise_size` and take them as `noise` [N, noise_size] in [0, 1): none are drawn inside, so that a
    run doesn't depend on those beside it. `draws_globally` marks foreign networks, which may use torch's global state.
    """

    def __init__(self, body: nn.Module, mean: Tensor, deviation: Tensor, draws_globally: bool):
        super().__init__()
        self.body = body
        self.draws_globally = draws_globally
        self.register_buffer("mean", mean.clone())
        self.register_buffer("deviation", deviation.clone())
        self.noise_size = getattr(body, "noise_size", 0)

    def forward(self, images: Tensor, noise: Tensor | None = None) -> Tensor:
        mean, deviation = (value[..., None, :, None, None] for value in (self.mean, self.deviation))
        x = (images.to(self.mean.dtype) - mean) / deviation
        return self.body(x) if self.noise_size == 0 else self.body(x, noise)

    def random_state(self, seed: int) -> AbstractContextManager:
        """The random state of a training step: torch's global one, seeded, of a foreign network alone."""
        return global_random_state(seed, self.mean.device) if self.draws_globally else nullcontext()


def image_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per channel (float32 [C]) of uint8 images [N, C, H, W]."""
    # Counting grey levels needs no copy of the images in floating point, which would be eight times their size.
    counts = torch.stack([torch.bincount(channel.flatten(), minlength=256) for channel in images.unbind(1)]).double()
    levels = torch.arange(256, dtype=torch.float64)
    fractions = counts / counts.sum(1, keepdim=True)  # [C, 256]
    mean = fractions @ levels
    deviation = (fractions * (levels - mean[:, None]) ** 2).sum(1).sqrt()
    # A channel that never varies would divide by zero.
    return mean.float(), deviation.clamp_min(1.0).float()


def build_network(
    settings: ArchitectureSettings,
    shape: Shape,
    seed: int,
    statistics: tuple[Tensor, Tensor] | None = None,
) -> Classifier:
    """Return a freshly initialised network whose weights are a function of `seed` alone.

    Parameters
    ----------
    statistics : mean and deviation per channel of the training images, in pixel units; 0 and 1 if left out, for
        networks whose weights are then loaded.

    Raises
    ------
    StudyError
        If the images are too small for the network, or a foreign model cannot be made.

    """
    mean, deviation = statistics or (torch.zeros(shape.channels), torch.ones(shape.channels))
    # Initialisers draw from torch's global state: it is seeded for this network and put back.
    with global_random_state(seed):
        if settings.is_foreign:
            body = _foreign(settings, shape)
        else:
            body = settings.family.load()(settings.full_arguments, shape)
    for module in body.modules():
        if isinstance(module, _BatchNorm) and module.momentum is not None:
            # With a fixed momentum the count is never read; it would cost a kernel per layer and step.
            module.num_batches_tracked = None
    return Classifier(body, mean, deviation, draws_globally=settings.is_foreign)


def _foreign(settings: ArchitectureSettings, shape: Shape) -> nn.Module:
    source, name = settings.model.split(":", 1)
    try:
        if source == "timm":
            import timm

            return timm.create_model(
                name, pretrained=False, in_chans=shape.channels, num_classes=shape.classes, **settings.arguments
            )
        make = getattr(importlib.import_module(source), name)
        return make(channels=shape.channels, size=shape.size, classes=shape.classes, **settings.arguments)
    except (ImportError, AttributeError, TypeError, RuntimeError, ValueError) as error:
        first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StudyError(
            f"model {settings.model!r} with arguments {settings.arguments}: {first_line}; "
            "allowed are timm:NAME and module:function(channels=, size=, classes=, **arguments)"
        ) from error
