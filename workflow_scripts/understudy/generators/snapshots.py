"""Snapshots of a generator: its weights with what is needed to build the network again."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from understudy.errors import StudyError
from understudy.generators.methods import METHODS, load_settings
from understudy.generators.model_files import read_description, write_model
from understudy.generators.settings import TrainingSettings

FORMAT = "understudy-generator-2"


@dataclass(frozen=True)
class SnapshotDescription:
    """What a snapshot says besides the settings.

    Attributes
    ----------
    name : str
        The generator's name in its study.
    resolution, channels, classes : int
        Of the images it makes.
    step, images_seen : int
        How far it was trained.

    """

    name: str
    resolution: int
    channels: int
    classes: int
    step: int
    images_seen: int


def snapshot_name(step: int) -> str:
    """Return the file name of the snapshot after ``step`` steps; names sort as steps do."""
    return f"{step:08d}.safetensors"


def training_snapshots(folder: Path) -> list[Path]:
    """Return all snapshots of a finished training, in its order.

    Raises
    ------
    StudyError
        If a snapshot is missing from ``folder``: without it the best of the others would be taken for the best.

    """
    found = sorted(folder.glob("[!.]*.safetensors"))
    steps = describe_snapshot(found[0])[0].snapshot_steps if found else []
    missing = sorted({snapshot_name(step) for step in steps} - {path.name for path in found})
    if missing or not found:
        raise StudyError(
            f"{folder}: {', '.join(missing) or 'every snapshot'} of the generator's training is missing; delete the "
            "folder and run again to train it anew"
        )
    return found


def save_snapshot(path: Path, weights: dict[str, Tensor], settings: TrainingSettings, about: SnapshotDescription
                  ) -> None:  # fmt: skip
    """Write weights [members, ...] with what is needed to rebuild the generator."""
    write_model(path, weights, FORMAT, settings=settings.model_dump(mode="json"), about=asdict(about))


def describe_snapshot(path: str | Path) -> tuple[TrainingSettings, SnapshotDescription]:
    """Return the settings and description of a snapshot without reading its weights.

    Raises
    ------
    StudyError
        If the file is missing, truncated, or not a snapshot of a generator.

    """
    description = read_description(path, FORMAT)
    return load_settings(description["settings"]), SnapshotDescription(**description["about"])


def member_networks(path: str | Path, device: torch.device) -> tuple[list[nn.Module], SnapshotDescription]:
    """Return the snapshot's networks, one, or one per class, ready to generate."""
    settings, about = describe_snapshot(path)
    weights = load_file(path)
    classes, members = (1, about.classes) if settings.per_class else (about.classes, 1)
    networks = []
    for member in range(members):
        build = METHODS[settings.method].step().generator_class
        network = build(settings, about.resolution, about.channels, classes)
        network.load_state_dict({name: value[member] for name, value in weights.items()})
        networks.append(network.to(device).eval().requires_grad_(False))
    return networks, about
