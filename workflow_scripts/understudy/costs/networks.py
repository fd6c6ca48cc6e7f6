"""The sizes of a study's networks: layers, arithmetic, and bytes of a snapshot on disk. No torch at import."""

import json
from dataclasses import astuple, dataclass

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.code_cache import CodeCache
from understudy.generators.diffusion_settings import DiffusionSettings
from understudy.generators.settings import TrainingSettings

# Of a run's file, whatever its network: names, seed and status in the metadata, and the file's own entry for it.
RECORD = 400
NetworkSettings = ArchitectureSettings | TrainingSettings | DiffusionSettings
SIZES = CodeCache("understudy_sizes.json")
NO_MATTER = {"recipe", "group"}
"""Keys of an architecture that don't change its network."""


@dataclass(frozen=True)
class NetworkSize:
    """The size of a network, the work of one image's forward pass, and the bytes of a snapshot.

    A safetensors file says of each tensor its name, type, shape and offsets: of a tiny network more than the weights.

    Attributes
    ----------
    layers, parameters : numbers; layers are those with weights
    operations : arithmetic ones; a product and a sum are 2
    elements : numbers that the layers read, and those that they write, in the mean of both
    data, head : bytes of the tensors of a snapshot, and of what its file says of them
    """

    layers: int
    operations: float
    elements: float
    parameters: int
    data: int = 0
    head: int = 0


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


def network_sizes(settings: NetworkSettings, channels: int, size: int, classes: int) -> list[NetworkSize]:
    """Return the sizes of the networks that settings stand for, on square images of ``size`` pixels a side.

    Of an architecture or of a diffusion model that is one network; of a generator's training these are the generator
    and its discriminator or critic. They are counted once, which takes torch, whose import takes seconds, and kept.
    The code of foreign networks isn't the package's and may change unseen: they are counted each time.
    """

    def counted() -> list[tuple]:
        from understudy.costs.counting import count

        return [astuple(network) for network in count(settings, channels, size, classes)]

    kind = type(settings).__name__
    if getattr(settings, "is_foreign", False):
        found = counted()
    else:
        key = json.dumps([kind, settings.canonical(exclude=NO_MATTER), channels, size, classes], sort_keys=True)
        found = SIZES.get(key, counted)
    return [NetworkSize(*values) for values in found]


def record_bytes(entry: ArchitectureSettings) -> int:
    """Return the bytes of a run's record, which its file holds once, as JSON within JSON."""
    return RECORD + len(json.dumps(entry.model_dump_json()))
