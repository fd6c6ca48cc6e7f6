"""Training many runs in one process: the same architecture's seeds side by side in a stack."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from understudy.checkpoints import CHECKPOINT_SECONDS
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import Classifier, build_network, image_statistics
from understudy.classifiers.recipes import snapshot_epochs
from understudy.classifiers.stack_training import StackTraining
from understudy.classifiers.stacking import batch_work
from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing
from understudy.progress import progress
from understudy.seeds import seed_for

# Above this many millions of multiplications per convolution and batch, runs are trained one by one on a CPU: stacks of
# three and five residual networks at 8x8 pixels took 0.8 of the time at 5, and as long at 20 (one core with AVX-512).
STACKING_LIMIT = 12.0

HISTORY = [
    *("family", "architecture", "seed", "run", "epoch"),
    *("training_loss", "training_error", "learning_rate", "status", "reason"),
]


@dataclass(frozen=True)
class Run:
    """One model to train: its name is "{architecture}-s{seed_number}", its `seed` is derived from that name."""

    name: str
    family: str
    architecture: str
    settings: ArchitectureSettings
    seed_number: int
    seed: int


@dataclass(frozen=True)
class TrainingData:
    """The training images on the device: uint8 [N, C, H, W], labels int64 [N], statistics of the pixels."""

    images: Tensor
    labels: Tensor
    shape: Shape
    statistics: tuple[Tensor, Tensor]


def train_runs(
    runs: Sequence[Run],
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    snapshots: int,
    folder: Path,
    checkpoints: Path,
    device: torch.device,
    seeds_per_block: int,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> pd.DataFrame:
    """Train all runs; write `folder`/{run}.safetensors for each and return their history.

    Runs of one architecture are trained `seeds_per_block` at a time, a smaller block being filled up with copies,
    because the width of a stack changes a result's last bits while place and neighbours do not: a run is the same, bit
    for bit on a CPU, whatever it is trained beside. Large networks are trained one at a time.

    Parameters
    ----------
    images, labels : uint8 [N, C, H, W], and integers in 0..classes-1 [N].
    snapshots : how many of each run's epochs to keep, at most 40.
    checkpoints : a folder of this call's own, not among a rule's outputs: training resumes from it. It is left for the
        caller to remove once all outputs are safe.
    seeds_per_block : the study's constant number of seeds in a block.

    Returns
    -------
    The history: one row per run and epoch. A run whose loss or weights stop being finite has status `failed` and a
    reason in its last row; the others go on.

    """
    data = _on_device(images, labels, classes, device)
    total = sum(run.settings.full_recipe.epochs_for(len(labels)) for run in runs)
    histories = []
    with progress(total, "training", "epoch") as bar:
        for architecture in dict.fromkeys(run.architecture for run in runs):
            members = [run for run in runs if run.architecture == architecture]
            width = _stack_width(members[0], data, seeds_per_block)
            while members:
                block, members = members[:width], members[width:]
                try:
                    histories += _train_block(block, width, data, snapshots, checkpoints, checkpoint_seconds, bar)
                    continue
                except torch.cuda.OutOfMemoryError as error:
                    message = str(error).splitlines()[0]
                # Outside the handler, whose traceback would keep the failed stack's tensors alive.
                if width == 1:
                    raise StudyError(
                        f"{architecture}: one run alone does not fit into the device's memory ({message}); "
                        "reduce batch_size in its recipe"
                    )
                members, width = block + members, width // 2
                torch.cuda.empty_cache()
                print(f"{architecture}: out of memory, training {width} runs together now", file=sys.stderr)
    for run in runs:
        with writing(folder / f"{run.name}.safetensors") as temporary:
            shutil.copyfile(_finished(checkpoints, run), temporary)
    return pd.DataFrame(histories, columns=HISTORY).astype({"training_loss": "float64"})


def _finished(checkpoints: Path, run: Run) -> Path:
    return checkpoints / "finished" / f"{run.name}.safetensors"


def _on_device(images: np.ndarray, labels: np.ndarray, classes: int, device: torch.device) -> TrainingData:
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    _, channels, height, width = pixels.shape
    if height != width:
        raise StudyError(f"training images are {height}x{width} pixels; the networks need square ones")
    shape = Shape(channels, width, classes)
    answers = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    return TrainingData(pixels.to(device), answers.to(device), shape, image_statistics(pixels))


def _network(run: Run, data: TrainingData) -> Classifier:
    return build_network(run.settings, data.shape, seed_for(run.seed, "initialisation"), data.statistics)


def _stack_width(run: Run, data: TrainingData, seeds_per_block: int) -> int:
    """How many runs step together: a function of architecture, data and device, never of the runs at hand."""
    if run.settings.is_foreign:
        # Other people's networks may draw random numbers of their own, which a stack would share.
        return 1
    if data.images.device.type == "cuda":
        return seeds_per_block
    batch = data.images[: run.settings.full_recipe.batch_of(len(data.images))].cpu()
    return seeds_per_block if batch_work(_network(run, data), batch) < STACKING_LIMIT else 1


def _train_block(
    block: list[Run],
    width: int,
    data: TrainingData,
    snapshots: int,
    checkpoints: Path,
    checkpoint_seconds: float,
    bar: progress,
) -> list[dict]:
    """Train at most `width` runs as one stack of exactly `width`; return their history rows."""
    epochs = block[0].settings.full_recipe.epochs_for(len(data.labels))
    marks = [_finished(checkpoints, run).with_suffix(".json") for run in block]
    if all(mark.exists() and mark.with_suffix(".safetensors").exists() for mark in marks):
        bar.update(epochs * len(block), "finished before")
        return [row for mark in marks for row in read_json(mark)]
    filled = block + [block[-1]] * (width - len(block))
    training = StackTraining(
        [run.name for run in filled],
        [run.seed for run in filled],
        [_network(run, data) for run in filled],
        block[0].settings.full_recipe,
        data.images,
        data.labels,
        snapshot_epochs(epochs, snapshots),
        checkpoints / f"{block[0].name}-of-{width}",
        checkpoint_seconds,
    )
    for _ in training.epochs():
        bar.update(len(block), block[0].architecture)
    rows = []
    for place, (run, mark) in enumerate(zip(block, marks, strict=True)):
        mine = [_history_row(run, row) for row in training.history[place]]
        training.write_run(place, _finished(checkpoints, run), _record(run, data, width, mine[-1]))
        write_json(mark, mine)
        rows += mine
    training.checkpoints.clear()
    return rows


def _history_row(run: Run, row: dict) -> dict:
    return {
        "family": run.family,
        "architecture": run.architecture,
        "seed": run.seed_number,
        "run": run.name,
        **row,
    }


def _record(run: Run, data: TrainingData, width: int, last_row: dict) -> dict:
    return {
        "run": run.name,
        "family": run.family,
        "architecture": run.architecture,
        "seed": run.seed_number,
        "settings": run.settings.model_dump(mode="json"),
        **vars(data.shape),
        "trained_images": len(data.labels),
        "stack_width": width,
        "device": data.images.device.type,
        "status": last_row["status"],
        "reason": last_row["reason"],
    }
