"""One stack's training from the first epoch to the last: steps, history, snapshots."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.augmentation import BatchAugmentation, EpochRandom, sample_epoch
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import Classifier, build_network
from understudy.classifiers.stacking import StackedRuns
from understudy.classifiers.weights import to_half, write_weights
from understudy.files import writing
from understudy.seeds import seed_for

# Compiling took 20 s on an H200 (torch 2.11). Ten stacked ResNet-20 then took 9.9 ms a step instead of 14.2, WRN-28-10
# 12.3 instead of 15.4; with CUDA graphs the former took 12.5, so these are not used. On a CPU results shall be
# reproducible to the bit, so nothing is compiled there.
STEPS_WORTH_COMPILING = 5000


@dataclass(frozen=True)
class Run:
    """One model to train: its name is "{architecture}-s{seed_number}", its `seed` is derived from that name."""

    name: str
    family: str
    architecture: str
    settings: ArchitectureSettings
    seed_number: int
    seed: int

    @property
    def columns(self) -> dict[str, str | int]:
        """The columns of every table that identify the run."""
        return {"family": self.family, "architecture": self.architecture, "seed": self.seed_number, "run": self.name}


@dataclass(frozen=True)
class TrainingData:
    """The training images on the device: uint8 [N, C, H, W], labels int64 [N], statistics of the pixels."""

    images: Tensor
    labels: Tensor
    shape: Shape
    statistics: tuple[Tensor, Tensor]

    def network(self, run: Run) -> Classifier:
        """Return a run's network with its initial weights."""
        return build_network(run.settings, self.shape, seed_for(run.seed, "initialisation"), self.statistics)


class StackTraining:
    """Trains runs of one architecture as a stack; a :class:`~understudy.training_loop.Training` whose unit is a step.

    `history[k]` gets one dictionary per epoch of run k. A run that diverges is put aside: its history ends with a row
    of status `failed`, its later snapshots are not kept, and its part of the stack computes zeros.

    Parameters
    ----------
    snapshot_epochs : after which epochs weights are kept
    folder : where they are kept until `write_run`; it outlives an interruption
    """

    def __init__(self, runs: Sequence[Run], data: TrainingData, snapshot_epochs: Sequence[int], folder: Path):
        self.runs, self.labels = runs, data.labels
        self.snapshot_epochs, self.folder = snapshot_epochs, folder
        self.recipe = runs[0].settings.full_recipe
        self.batch = self.recipe.batch_size_for(len(self.labels))
        self.steps = self.recipe.steps_per_epoch(len(self.labels))
        self.total = self.steps * self.recipe.epochs_for(len(self.labels))
        self.done, self.note = 0, ""
        device = data.images.device
        compiled = device.type == "cuda" and self.total >= STEPS_WORTH_COMPILING
        self.stack = StackedRuns([data.network(run) for run in runs], self.recipe, device, compiled)
        self.augmentation = BatchAugmentation(data.images, self.recipe, self.stack.buffers["mean"][0])
        self.history: list[list[dict]] = [[] for _ in runs]
        # Over the steps of an epoch, the sums of loss and errors of each run.
        self.sums = torch.zeros(2, len(runs), dtype=torch.float64, device=device)
        self.sampled: tuple[int, EpochRandom] | None = None

    def advance(self) -> None:
        """Take one step; after the last step of an epoch, write its history and keep the snapshots that are due."""
        if all(self._failed(k) for k in range(len(self.runs))):
            self.done = self.total
            return
        epoch, step = self.done // self.steps + 1, self.done % self.steps
        random = self._sample_epoch(epoch).step(step, self.batch)
        images, labels = self.augmentation.batch(random), self.labels[random.order]
        # A foreign network is never stacked: the seed is that of the one run.
        with self.stack.network.random_state(seed_for(self.runs[0].seed, "network", self.done)):
            losses, errors = self.stack.step(images, labels, random.noise, self._learning_rate(self.done))
        self.sums += torch.stack([losses.double(), errors.double()])
        self.done += 1
        if step + 1 == self.steps:
            self._end_epoch(epoch)

    def _sample_epoch(self, epoch: int) -> EpochRandom:
        if self.sampled is None or self.sampled[0] != epoch:
            seeds, device = [run.seed for run in self.runs], self.labels.device
            images, size = len(self.labels), self.augmentation.size
            random = sample_epoch(seeds, epoch, images, size, self.recipe, self.stack.noise_size, device)
            self.sampled = epoch, random
        return self.sampled[1]

    def _learning_rate(self, step: int) -> float:
        return self.recipe.learning_rate_at(step, self.total)

    def _end_epoch(self, epoch: int) -> None:
        losses, errors = (self.sums / self.steps).tolist()
        self.note = f"epoch {epoch}, loss {losses[0]:.3f}"
        for k in range(len(self.runs)):
            if self._failed(k):
                continue
            reason = "" if math.isfinite(losses[k]) else f"training loss became {losses[k]} in epoch {epoch}"
            if not reason and epoch in self.snapshot_epochs:
                reason = self._keep_snapshot(k, epoch)
            self.history[k].append(
                {
                    "epoch": epoch,
                    # None becomes a missing value in the history; JSON has no infinity.
                    "training_loss": losses[k] if math.isfinite(losses[k]) else None,
                    "training_error": errors[k] / self.batch,
                    "learning_rate": self._learning_rate(self.done - 1),
                    "status": "failed" if reason else "trained",
                    "reason": reason,
                }
            )
            if reason:
                self.stack.reset(k)
        self.sums.zero_()

    def _failed(self, k: int) -> bool:
        return bool(self.history[k]) and self.history[k][-1]["status"] == "failed"

    def _keep_snapshot(self, k: int, epoch: int) -> str:
        """Keep a run's weights in a file; return why they are not fit to be kept, or nothing."""
        weights = to_half(self.stack.weights(k), self.stack.trained_names)
        for name, value in weights.items():
            if not torch.isfinite(value).all():
                return f"{name} is not finite in half precision after epoch {epoch}"
        with writing(self._snapshot(k, epoch)) as temporary:
            save_file(weights, temporary)
        return ""

    def _snapshot(self, k: int, epoch: int) -> Path:
        return self.folder / "snapshots" / f"{k}-{epoch:04d}.safetensors"

    def check_finite(self) -> None:
        """Pass: a run whose loss is not finite fails at the end of its epoch, and the others go on."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return all tensors of the state by name; snapshots lie in files of their own."""
        return self.stack.state_dict() | {"sums": self.sums}

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take over what `state_dict` returned."""
        self.sums.copy_(tensors["sums"])
        self.stack.load_state_dict(tensors)

    def log_dict(self) -> dict:
        """Return the history as JSON-able data."""
        return {"history": self.history}

    def load_log_dict(self, log: dict) -> None:
        """Take over what `log_dict` returned."""
        self.history = log["history"]

    def write_run(self, k: int, path: Path, record: dict) -> None:
        """Write a run's snapshots with its record."""
        kept = [row["epoch"] for row in self.history[k] if row["status"] == "trained"]
        epochs = [epoch for epoch in kept if epoch in self.snapshot_epochs]
        write_weights(path, {epoch: load_file(self._snapshot(k, epoch)) for epoch in epochs}, record)
