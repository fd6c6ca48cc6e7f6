"""A run's weights on disk: one safetensors file with all its snapshots, and enough to rebuild the network.

Tensors are called "{epoch:04d}.{name in the network}". Parameters are float16, normalisation buffers float32. The
metadata entry `run` is JSON: run, family, architecture, seed, settings, channels, size, classes, epochs and how it was
trained. A snapshot is evaluated from this file, so what is shipped is what was evaluated, to the bit.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import Classifier, build_network
from understudy.errors import StudyError
from understudy.files import writing


def to_half(weights: dict[str, Tensor], parameters: set[str]) -> dict[str, Tensor]:
    """The snapshot of these weights: parameters in float16, buffers of floats in float32."""
    return {
        name: value.half() if name in parameters else value.float() if value.is_floating_point() else value
        for name, value in weights.items()
    }


def write_weights(path: Path, snapshots: Mapping[int, dict[str, Tensor]], record: dict) -> None:
    """Write a run's snapshots, keyed by epoch, with its record; `epochs` is added to the record."""
    tensors = {
        f"{epoch:04d}.{name}": value.contiguous().numpy()
        for epoch, weights in snapshots.items()
        for name, value in weights.items()
    }
    metadata = {"run": json.dumps(record | {"epochs": sorted(snapshots)}, sort_keys=True)}
    with writing(path) as temporary:
        save_file(tensors, temporary, metadata=metadata)


class WeightsFile:
    """Reads one run's file; tensors are read when asked for."""

    def __init__(self, path: Path | str):
        self.path = Path(path)
        if not self.path.is_file():
            raise StudyError(f"{path}: there is no such file of a run's weights")
        try:
            with safe_open(self.path, framework="pt") as file:
                self.record = json.loads((file.metadata() or {})["run"])
            self.settings = ArchitectureSettings.model_validate(self.record["settings"])
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            # Snakemake looks after the folder: of a file inside that has gone it would know nothing.
            raise StudyError(
                f"{path}: not a run's weights ({error}); delete the folder {self.path.parent} and run again"
            ) from error
        self.epochs: list[int] = self.record["epochs"]
        self.shape = Shape(self.record["channels"], self.record["size"], self.record["classes"])

    def snapshot(self, epoch: int) -> dict[str, Tensor]:
        """Weights at `epoch` in float32, under the network's own names."""
        return {
            name: value.float() if value.is_floating_point() else value
            for name, value in self.stored_snapshot(epoch).items()
        }

    def stored_snapshot(self, epoch: int) -> dict[str, Tensor]:
        """The same in the types they are stored in."""
        if epoch not in self.epochs:
            raise StudyError(f"{self.path}: no snapshot of epoch {epoch}; there are {self.epochs}")
        prefix = f"{epoch:04d}."
        with safe_open(self.path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 - not a dict
            return {name.removeprefix(prefix): file.get_tensor(name) for name in names}

    def network(self) -> Classifier:
        """The run's network in eval mode, freshly initialised."""
        return build_network(self.settings, self.shape, seed=0).eval()


def remove_snapshots(path: Path | str, kept: set[int]) -> dict:
    """Take all snapshots but those of the epochs ``kept`` out of a run's file; return the new record.

    The tensors of the others stay as they are, to the bit. The record's `removed` lists all epochs ever taken out, so
    that nobody takes what is left for all that was trained.
    """
    file = WeightsFile(path)
    removed = sorted(set(file.epochs) - kept)
    if not removed:
        return file.record
    record = file.record | {"removed": sorted([*removed, *file.record.get("removed", [])])}
    write_weights(file.path, {epoch: file.stored_snapshot(epoch) for epoch in file.epochs if epoch in kept}, record)
    return WeightsFile(path).record


def load_network(path: Path | str, epoch: int | None = None) -> Classifier:
    """Return a trained network in eval mode: the snapshot of `epoch`, or the last one in the file.

    It takes images in pixel units (uint8 or float, 0 to 255, [N, C, H, W], the channels and size it was trained on) and
    gives logits [N, classes]; normalisation is inside, so nothing else is to be done to the images:

        network = load_network("weights.safetensors")
        logits = network(images)
        labels = logits.argmax(1)

    Raises
    ------
    StudyError
        If the file holds no such snapshot.

    """
    file = WeightsFile(path)
    if not file.epochs:
        raise StudyError(f"{path}: this run failed before its first snapshot ({file.record.get('reason')})")
    network = file.network()
    put_weights(network, file.snapshot(file.epochs[-1] if epoch is None else epoch))
    return network


def check_images(images: Tensor, channels: int, size: int) -> None:
    """Refuse what a network of images [N, channels, size, size] of values 0 to 255 would judge wrongly.

    Raises
    ------
    StudyError
        Of another shape or range; the message says which.

    """
    shape = list(images.shape)
    if images.ndim != 4 or shape[1:] != [channels, size, size]:
        raise StudyError(f"images {shape}; expected [N, {channels}, {size}, {size}]")
    if images.dtype == torch.uint8 or not images.numel():
        return
    least, largest = float(images.min()), float(images.max())
    if not (least >= 0 and largest <= 255):  # no comparison holds for NaN
        raise StudyError(f"images with values {least:g} to {largest:g}; expected 0 to 255, not normalised ones")
    if 0 < largest <= 1:
        raise StudyError(f"images with values {least:g} to {largest:g}; expected 0 to 255: multiply them by 255")


def put_weights(network: Classifier, weights: dict[str, Tensor]) -> None:
    """Copy a snapshot into a network; their tensors' names must be the same."""
    state = network.state_dict()
    if set(state) != set(weights):
        odd = sorted(set(state) ^ set(weights))
        raise StudyError(f"weights don't fit the network (tensor {odd[0]}); were they written by another version?")
    with torch.no_grad():
        for name, value in state.items():
            value.copy_(weights[name])


def export_snapshot(path_in: Path | str, epoch: int, path_out: Path | str) -> dict:
    """Copy one snapshot into a file of its own, its tensors' bytes unchanged; return the run's record."""
    file = WeightsFile(path_in)
    write_weights(Path(path_out), {epoch: file.stored_snapshot(epoch)}, file.record)
    return file.record
