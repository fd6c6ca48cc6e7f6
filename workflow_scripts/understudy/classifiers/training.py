"""Training many runs in one process: the same architecture's seeds side by side in a stack."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.checkpoints import CHECKPOINT_SECONDS, Checkpoints
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import image_statistics
from understudy.classifiers.recipes import snapshot_epochs
from understudy.classifiers.stack_training import Run, StackTraining, TrainingData
from understudy.classifiers.stacking import batch_work
from understudy.errors import StudyError
from understudy.files import read_json, write_json, writing
from understudy.training_loop import train

# Above this many millions of multiplications per convolution and batch, runs are trained one by one on a CPU: stacks of
# three and five residual networks at 8x8 pixels took 0.8 of the time at 5, and as long at 20 (one core with AVX-512).
STACKING_LIMIT = 12.0

HISTORY = [
    *("family", "architecture", "seed", "run", "epoch"),
    *("training_loss", "training_error", "learning_rate", "status", "reason"),
]


@dataclass(frozen=True)
class TrainingOptions:
    """How a batch of runs is trained.

    Attributes
    ----------
    snapshots : how many of each run's epochs to keep, at most 40
    seeds_per_block : the study's constant number of seeds in a block
    checkpoints : a folder of this training's own, not among a rule's outputs: training resumes from it. It is left for
        the caller to remove once all outputs are safe.
    checkpoint_seconds : least time between two checkpoints; it changes no result
    """

    snapshots: int
    seeds_per_block: int
    checkpoints: Path
    device: torch.device
    checkpoint_seconds: float = CHECKPOINT_SECONDS


def train_runs(runs: Sequence[Run], images: LabelledImages, folder: Path, options: TrainingOptions) -> pd.DataFrame:
    """Train all runs; write `folder`/{run}.safetensors for each and return their history.

    Runs of one architecture are trained `seeds_per_block` at a time, a smaller block being filled up with copies,
    because the width of a stack changes a result's last bits while position and neighbours do not: a run is the same,
    bit for bit on a CPU, whatever it is trained beside. Large networks are trained one at a time.

    Returns
    -------
    The history: one row per run and epoch. A run whose loss or weights stop being finite has status `failed` and a
    reason in its last row; the others go on.

    """
    data = _on_device(images, options.device)
    histories = []
    for architecture in dict.fromkeys(run.architecture for run in runs):
        members = [run for run in runs if run.architecture == architecture]
        width = _stack_width(members[0], data, options.seeds_per_block)
        while members:
            block, members = members[:width], members[width:]
            try:
                histories += _train_block(block, width, data, options)
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
            shutil.copyfile(_finished(options, run), temporary)
    return pd.DataFrame(histories, columns=HISTORY).astype({"training_loss": "float64"})


def _finished(options: TrainingOptions, run: Run) -> Path:
    return options.checkpoints / "finished" / f"{run.name}.safetensors"


def _on_device(given: LabelledImages, device: torch.device) -> TrainingData:
    images = torch.from_numpy(np.ascontiguousarray(given.images))
    _, channels, height, width = images.shape
    if height != width:
        raise StudyError(f"training images are {height}x{width} pixels; the networks need square ones")
    labels = torch.from_numpy(np.asarray(given.labels, dtype=np.int64))
    shape = Shape(channels, width, given.classes)
    return TrainingData(images.to(device), labels.to(device), shape, image_statistics(images))


def _stack_width(run: Run, data: TrainingData, seeds_per_block: int) -> int:
    """How many runs step together: a function of architecture, data and device, never of the runs at hand."""
    if run.settings.is_foreign:
        # Other people's networks may draw random numbers of their own, which a stack would share.
        return 1
    if data.images.device.type == "cuda":
        return seeds_per_block
    batch = data.images[: run.settings.full_recipe.batch_size_for(len(data.images))].cpu()
    return seeds_per_block if batch_work(data.network(run), batch) < STACKING_LIMIT else 1


def _train_block(block: list[Run], width: int, data: TrainingData, options: TrainingOptions) -> list[dict]:
    """Train at most `width` runs as one stack of exactly `width`; return their history rows."""
    marks = [_finished(options, run).with_suffix(".json") for run in block]
    if all(mark.exists() and mark.with_suffix(".safetensors").exists() for mark in marks):
        return [row for mark in marks for row in read_json(mark)]
    filled = block + [block[-1]] * (width - len(block))
    folder = options.checkpoints / f"{block[0].name}-of-{width}"
    checkpoints = Checkpoints(folder, options.checkpoint_seconds)
    epochs = block[0].settings.full_recipe.epochs_for(len(data.labels))
    training = StackTraining(filled, data, snapshot_epochs(epochs, options.snapshots), folder)
    train(training, checkpoints, f"training {', '.join(run.name for run in block)}")
    rows = []
    for k, (run, mark) in enumerate(zip(block, marks, strict=True)):
        mine = [run.columns | row for row in training.history[k]]
        training.write_run(k, _finished(options, run), _record(run, data, width, mine[-1]))
        write_json(mark, mine)
        rows += mine
    checkpoints.clear()
    return rows


def _record(run: Run, data: TrainingData, width: int, last_row: dict) -> dict:
    """Return what a file of weights says of its run."""
    return run.columns | {
        "settings": run.settings.model_dump(mode="json"),
        **vars(data.shape),
        "trained_images": len(data.labels),
        "stack_width": width,
        "device": data.images.device.type,
        "status": last_row["status"],
        "reason": last_row["reason"],
    }
