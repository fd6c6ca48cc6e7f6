"""The sizes of a study's networks: layers, arithmetic, and bytes of a snapshot on disk."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.bounds import NetworkSize
from understudy.generators.diffusion_settings import DiffusionSettings

# Of a run's file, whatever its network: names, seed and status in the metadata, and the file's own entry for it.
RECORD = 400
# A tensor's entry in the head of a safetensors file, but for its name, its shape and the two offsets.
ENTRY = len('"0001.":{"dtype":"F16","shape":,"data_offsets":[,]},')
OFFSETS = 12  # digits

# Of pretrained latent diffusion models, denoiser and decoder. A product and a sum are two operations: DiT-XL/2
# has 118.6 billion products (Peebles and Xie 2023, table 4), Stable Diffusion's UNet 339 and its decoder 1,240 billion
# (Kim et al. 2023); the decoder of 256 pixels a quarter of that. Elements and parameters: of the diffusers models.
PRETRAINED = {
    "stable_diffusion": (
        NetworkSize(400, 2 * 339e9, 978e6, 860_000_000),
        NetworkSize(40, 2 * 1240e9, 629e6, 50_000_000),
    ),
    "dit": (NetworkSize(170, 2 * 118.6e9, 112e6, 675_000_000), NetworkSize(40, 2 * 310e9, 154e6, 50_000_000)),
}


def _with_bytes(counted: NetworkSize, tensors: Mapping[str, object], halved: Collection[str] = ()) -> NetworkSize:
    """Return a size with the bytes of a snapshot that holds ``tensors``, those named in ``halved`` in float16."""
    data = sum(value.numel() * (2 if name in halved else value.element_size()) for name, value in tensors.items())
    shapes = [json.dumps(list(value.shape), separators=(",", ":")) for value in tensors.values()]
    head = sum(ENTRY + OFFSETS + len(name) + len(shape) for name, shape in zip(tensors, shapes, strict=True))
    return replace(counted, data=data, head=head)


def record_bytes(entry: ArchitectureSettings) -> int:
    """Return the bytes of a run's record, which its file holds once, as JSON within JSON."""
    return RECORD + len(json.dumps(entry.model_dump_json()))


@cache
def classifier_size(entry: str, channels: int, size: int, classes: int) -> NetworkSize:
    """Return the size of a classifier whose settings are given as JSON."""
    import torch  # imported here: it takes two seconds that a study without candidates doesn't need

    from understudy.classifiers.layers import Shape
    from understudy.classifiers.networks import build_network
    from understudy.costs.counting import network_size

    settings = ArchitectureSettings.model_validate_json(entry)
    with torch.device("meta"):
        network = build_network(settings, Shape(channels, size, classes), 0)
        noise = [torch.empty(1, network.noise_size)] if network.noise_size else []
        counted = network_size(network, torch.empty(1, channels, size, size), *noise)
    return _with_bytes(counted, network.state_dict(), dict(network.named_parameters()))


def generator_sizes(settings: object, channels: int, size: int, classes: int) -> tuple[NetworkSize, NetworkSize]:
    """Return the sizes of a generator and of its discriminator or critic."""
    import torch

    from understudy.costs.counting import network_size
    from understudy.generators.methods import METHODS

    step = METHODS[settings.method].step()
    rows = getattr(settings, "minibatch_std_group", 1)
    with torch.device("meta"):
        labels, images = torch.empty(1, classes), torch.empty(rows, channels, size, size)
        generator = step.generator_class(settings, size, channels, classes)
        first = network_size(generator, torch.empty(1, generator.random_numbers), labels)
        critic = step.discriminator_class(settings, size, channels, classes)
        given = (images, torch.empty(rows, classes)) if step.discriminator_sees_labels else (images,)
        second = network_size(critic, *given)
    of_image = replace(second, operations=second.operations / rows, elements=second.elements / rows)
    return _with_bytes(first, generator.state_dict()), _with_bytes(of_image, {})


@dataclass(frozen=True)
class Sizes:
    """How the sizes of classifiers, and of pairs of generator and critic, are known: of settings on images.

    Both functions are given settings, channels, pixels a side and classes.
    """

    classifier: Callable[[ArchitectureSettings, int, int, int], NetworkSize]
    generators: Callable[[object, int, int, int], tuple[NetworkSize, NetworkSize]]


COUNTED = Sizes(lambda entry, *shape: classifier_size(entry.model_dump_json(), *shape), generator_sizes)


def denoiser_size(settings: DiffusionSettings, channels: int, size: int, classes: int) -> NetworkSize:
    """Return the size of the diffusion model that a practice study trains."""
    import torch

    from understudy.costs.counting import network_size
    from understudy.generators.diffusion import build_unet

    with torch.device("meta"):
        network = build_unet(settings, channels, size, classes)
        images, times = torch.empty(1, channels, size, size), torch.zeros(1)
        return _with_bytes(network_size(network, images, times, times.long()), network.state_dict())
