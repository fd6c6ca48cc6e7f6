"""One stack's training from the first epoch to the last: steps, history, snapshots, checkpoints."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from understudy.checkpoints import Checkpoints
from understudy.classifiers.augmentation import Augmentation, draw_epoch
from understudy.classifiers.networks import Classifier
from understudy.classifiers.recipes import Recipe
from understudy.classifiers.stacking import Stack
from understudy.classifiers.weights import to_half, write_weights
from understudy.devices import global_random_state
from understudy.files import writing
from understudy.seeds import seed_for

# Compiling took 20 s on an H200 (torch 2.11). Ten stacked ResNet-20 then took 9.9 ms a step instead of 14.2, WRN-28-10
# 12.3 instead of 15.4; with CUDA graphs the former took 12.5, so these are not used. On a CPU results shall be
# reproducible to the bit, so nothing is compiled there.
STEPS_WORTH_COMPILING = 5000


class StackTraining:
    """Trains W runs (names, seeds and networks in the same order) under one recipe.

    `history[place]` gets one dictionary per epoch. A run that diverges is put aside: its history ends with a row of
    status `failed`, its later snapshots are not kept, and its place in the stack computes zeros.
    """

    def __init__(
        self,
        names: list[str],
        seeds: list[int],
        networks: list[Classifier],
        recipe: Recipe,
        images: Tensor,
        labels: Tensor,
        snapshot_epochs: list[int],
        folder: Path,
        checkpoint_seconds: float,
    ):
        self.names, self.seeds, self.recipe, self.labels = names, seeds, recipe, labels
        self.snapshot_epochs = snapshot_epochs
        self.steps = recipe.steps_per_epoch(len(labels))
        self.batch = recipe.batch_of(len(labels))
        self.last_epoch = recipe.epochs_for(len(labels))
        compiled = images.device.type == "cuda" and self.steps * self.last_epoch >= STEPS_WORTH_COMPILING
        self.stack = Stack(networks, recipe, images.device, compiled)
        self.augmentation = Augmentation(images, recipe, self.stack.buffers["mean"][0])
        self.history: list[list[dict]] = [[] for _ in names]
        self.snapshots: dict[tuple[int, int], dict[str, Tensor]] = {}
        self.sums = self._no_sums()
        self.checkpoints = Checkpoints(folder, checkpoint_seconds)
        self.done = self._resume()

    def _no_sums(self) -> Tensor:
        """Sum over an epoch's steps of loss and errors, float64 [2, W]."""
        return torch.zeros(2, len(self.names), dtype=torch.float64, device=self.labels.device)

    def epochs(self) -> Iterator[int]:
        """Train; yield each epoch's number (from 1) when it is over, those of an interrupted attempt at once."""
        yield from range(1, self.done // self.steps + 1)
        for epoch in range(self.done // self.steps + 1, self.last_epoch + 1):
            if not all(self._failed(place) for place in range(len(self.names))):
                self._train_epoch(epoch)
                self._end_epoch(epoch)
            yield epoch

    def _train_epoch(self, epoch: int) -> None:
        draws = draw_epoch(
            self.seeds,
            epoch,
            len(self.labels),
            self.augmentation.size,
            self.recipe,
            self.stack.noise_size,
            self.labels.device,
        )
        for step in range(self.done - (epoch - 1) * self.steps, self.steps):
            if self.checkpoints.due:
                self._save()
            part = draws.step(step, self.batch)
            images = self.augmentation.batch(part)
            with self._random_state():
                losses, errors = self.stack.step(
                    images, self.labels[part.order], part.noise, self._learning_rate(self.done)
                )
            self.sums += torch.stack([losses.double(), errors.double()])
            self.done += 1

    def _random_state(self) -> AbstractContextManager:
        """Return the random state of a step; a foreign network is never stacked, so the seed is that of the one run."""
        if not self.stack.network.draws_globally:
            return nullcontext()
        return global_random_state(seed_for(self.seeds[0], "network", self.done), self.labels.device)

    def _learning_rate(self, step: int) -> float:
        return self.recipe.learning_rate_at(step, self.steps * self.last_epoch)

    def _end_epoch(self, epoch: int) -> None:
        losses, errors = (self.sums / self.steps).tolist()
        for place in range(len(self.names)):
            if self._failed(place):
                continue
            reason = "" if math.isfinite(losses[place]) else f"training loss became {losses[place]} in epoch {epoch}"
            if not reason and epoch in self.snapshot_epochs:
                reason = self._keep_snapshot(place, epoch)
            self.history[place].append(
                {
                    "epoch": epoch,
                    # None becomes a missing value in the history; JSON has no infinity.
                    "training_loss": losses[place] if math.isfinite(losses[place]) else None,
                    "training_error": errors[place] / self.batch,
                    "learning_rate": self._learning_rate(self.done - 1),
                    "status": "failed" if reason else "trained",
                    "reason": reason,
                }
            )
            if reason:
                self.stack.reset(place)
        self.sums = self._no_sums()

    def _failed(self, place: int) -> bool:
        return bool(self.history[place]) and self.history[place][-1]["status"] == "failed"

    def _keep_snapshot(self, place: int, epoch: int) -> str:
        """Keep the run's weights; return why they are not fit to be kept, or nothing."""
        weights = to_half(self.stack.weights(place), self.stack.trained_names)
        for name, value in weights.items():
            if not torch.isfinite(value).all():
                return f"{name} is not finite in half precision after epoch {epoch}"
        self.snapshots[place, epoch] = weights
        return ""

    def _piece(self, place: int, epoch: int) -> Path:
        return self.checkpoints.folder / "snapshots" / f"{place}-{epoch:04d}.safetensors"

    def _save(self) -> None:
        """Checkpoint. Snapshots are written once, in pieces of their own, however many checkpoints follow."""
        for key, weights in self.snapshots.items():
            with writing(self._piece(*key)) as temporary:
                save_file(weights, temporary)
        self.snapshots.clear()
        self.checkpoints.save(self.done, self.stack.state() | {"sums": self.sums}, {"history": self.history})

    def _resume(self) -> int:
        """Load the newest checkpoint, if any; return the number of steps done."""
        found = self.checkpoints.load()
        if found is None:
            return 0
        done, tensors, state = found
        self.sums = tensors.pop("sums").to(self.labels.device)
        self.stack.load_state(tensors)
        self.history = state["history"]
        return done

    def write_run(self, place: int, path: Path, record: dict) -> None:
        """Write a run's snapshots, those of this attempt and those of the ones before it."""
        snapshots = {}
        for row in self.history[place]:
            epoch = row["epoch"]
            if epoch in self.snapshot_epochs and row["status"] == "trained":
                kept = self.snapshots.get((place, epoch))
                snapshots[epoch] = load_file(self._piece(place, epoch)) if kept is None else kept
        write_weights(path, snapshots, record)
