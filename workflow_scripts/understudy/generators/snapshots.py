"""Snapshots of a generator: safetensors files whose metadata says how to build the network again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from understudy.errors import StudyError
from understudy.files import writing
from understudy.generators import stylegan2, wgan_gp
from understudy.generators.settings import StyleGAN2Settings, WGANGPSettings

FORMAT = "understudy-generator-1"


@dataclass(frozen=True)
class Description:
    """What a snapshot's metadata says besides the settings.

    Attributes
    ----------
    name : str
        The generator's name in its study.
    resolution, channels, classes : int
        Of the images it makes.
    per_class : bool
        Whether the file holds one generator per class, stacked along each tensor's first axis.
    step, images_seen : int
        How far it was trained.

    """

    name: str
    resolution: int
    channels: int
    classes: int
    per_class: bool
    step: int
    images_seen: int


def build_generator(settings: StyleGAN2Settings | WGANGPSettings, about: Description) -> nn.Module:
    """Return one generator network with untrained weights; of one class where there is a generator per class."""
    classes = 1 if about.per_class else about.classes
    network = stylegan2.Generator if isinstance(settings, StyleGAN2Settings) else wgan_gp.Generator
    return network(settings, about.resolution, about.channels, classes)


def save_snapshot(path: Path, weights: dict[str, Tensor], settings: StyleGAN2Settings | WGANGPSettings,
                  about: Description) -> None:  # fmt: skip
    """Write weights [members, ...] with what is needed to rebuild the generator."""
    metadata = {"format": FORMAT, "settings": settings.model_dump_json(), "description": json.dumps(asdict(about))}
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    with writing(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


def read_description(path: str | Path) -> tuple[StyleGAN2Settings | WGANGPSettings, Description]:
    """Return the settings and description of a snapshot without reading its weights.

    Raises
    ------
    StudyError
        If the file is missing, truncated, or not a snapshot of a generator.

    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise StudyError(f"{path} is not a readable safetensors file ({error}); train the generator again") from error
    if metadata.get("format") != FORMAT:
        raise StudyError(f"{path} is not a generator's snapshot (format {metadata.get('format')!r}, not {FORMAT!r})")
    settings = json.loads(metadata["settings"])
    kind = StyleGAN2Settings if settings["method"] == "stylegan2" else WGANGPSettings
    return kind(**settings), Description(**json.loads(metadata["description"]))


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return a snapshot's weights, each [members, ...], on the CPU."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict


def member_networks(path: str | Path, device: torch.device) -> tuple[list[nn.Module], Description]:
    """Return the snapshot's networks, one, or one per class, ready to generate."""
    settings, about = read_description(path)
    weights = read_weights(path)
    networks = []
    for member in range(about.classes if about.per_class else 1):
        network = build_generator(settings, about)
        network.load_state_dict({name: value[member] for name, value in weights.items()})
        networks.append(network.to(device).eval().requires_grad_(False))
    return networks, about
