"""Train a GAN: a method's step with history and snapshots."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from understudy.checkpoints import CHECKPOINT_SECONDS, Checkpoints, copy_tensors
from understudy.errors import StudyError
from understudy.generators.batches import RealImages, TrainingImages
from understudy.generators.layers import check_resolution
from understudy.generators.methods import METHODS
from understudy.generators.settings import TrainingSettings, evenly_spaced
from understudy.generators.snapshots import SnapshotDescription, save_snapshot, snapshot_name
from understudy.seeds import seed_for
from understudy.tables import write_table
from understudy.training_loop import Training, train

HISTORY_ROWS = 200  # per GAN
# Looking for NaN waits for the device, so it isn't done at every step.
STEPS_BETWEEN_CHECKS = 16


def train_generator(
    data: TrainingImages,
    settings: TrainingSettings,
    seed: int,
    folder: Path,
    device: torch.device,
    name: str = "",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> list[Path]:
    """Train one conditional GAN, or one per class as a stack, and return the snapshots in the order of training.

    Parameters
    ----------
    data
        Square images, 4 times a power of two pixels a side, of one or three channels.
    seed
        Decides everything random; the device's kernels decide the last bits.
    folder
        Receives ``snapshots/{step:08d}.safetensors`` and ``history.parquet``. It must outlive an interruption, and
        so be no declared output of a rule: from the checkpoints in ``checkpoints`` a resumed training goes on exactly.
    name
        The generator's name in errors and metadata; the method's if empty.
    checkpoint_seconds
        Least time between two checkpoints; it changes no result.

    Raises
    ------
    StudyError
        If images don't fit, a class has too few of them, or a loss is no longer finite: the message names the
        generator and the step, and snapshots made before stay.

    """
    name = name or settings.method
    data.check(name, settings.per_class)
    try:
        check_resolution(data.images.shape[2], data.images.shape[1])
    except ValueError as error:
        raise StudyError(f"generator {name}: {error}; resize or crop the images (`data`)") from error
    run = GANTraining(data, settings, seed, folder, name, device)
    train(run, Checkpoints(folder / "checkpoints", checkpoint_seconds), f"generator {name}")
    write_table("generator_history", pd.DataFrame(run.history), folder / "history.parquet")
    return [run.snapshot_path(step) for step in settings.snapshot_steps]


class GANTraining(Training):
    """A GAN's training under way."""

    def __init__(self, data: TrainingImages, settings: TrainingSettings, seed: int, folder: Path, name: str,
                 device: torch.device):  # fmt: skip
        self.data, self.settings, self.folder, self.name = data, settings, folder, name
        self.members = list(range(data.classes)) if settings.per_class else [-1]
        seeds = [seed_for(seed, "member", member) for member in self.members]
        self.real = RealImages(data, seeds, device, settings.mirror, settings.class_group)
        channels, resolution = data.images.shape[1:3]
        step_class = METHODS[settings.method].step()
        self.method = step_class(settings, resolution, channels, self.real.label_count, seeds, device)
        self.total = settings.steps
        self.history_steps = set(evenly_spaced(self.total, HISTORY_ROWS))
        self.history: list[dict] = []
        # Sums of the generator's and the discriminator's losses since the last row of the history.
        self.sums = torch.zeros(2, len(self.members), device=device)
        self.summed = torch.zeros(1)

    def advance(self) -> None:
        self.sums += torch.stack(self.method.step(self.done, self.real))
        self.summed += 1
        self.done += 1
        if self.done % STEPS_BETWEEN_CHECKS == 0 or self.done in self.history_steps:
            self.check_finite()
        if self.done in self.history_steps:
            self._add_history()
        if self.done in self.settings.snapshot_steps:
            self.check_finite()
            channels, resolution = self.data.images.shape[1:3]
            about = SnapshotDescription(
                self.name, resolution, channels, self.data.classes, self.done, self._images_seen
            )
            save_snapshot(self.snapshot_path(self.done), self.method.snapshot(self.done), self.settings, about)

    def _add_history(self) -> None:
        generator_losses, discriminator_losses = (self.sums / self.summed.item()).tolist()
        unscaled = torch.zeros(len(self.members))
        p, r = (self.method.scalars.get(key, unscaled).tolist() for key in ("p", "r"))
        self.history += [
            {
                "step": self.done,
                "images_seen": self._images_seen,
                "label": member,
                "generator_loss": generator_losses[k],
                "discriminator_loss": discriminator_losses[k],
                "augmentation_p": p[k],
                "augmentation_r": r[k],
            }
            for k, member in enumerate(self.members)
        ]
        self.note = f"losses {np.mean(generator_losses):.3f} {np.mean(discriminator_losses):.3f}"
        self.sums.zero_()
        self.summed.zero_()

    def check_finite(self) -> None:
        bad = ~self.sums.isfinite().all(dim=0)
        if bad.any():
            member = self.members[int(bad.nonzero()[0])]
            of_class = "" if member < 0 else f" of class {member}"
            kept = [self.snapshot_path(step) for step in self.settings.snapshot_steps if step < self.done]
            last = next((path for path in reversed(kept) if path.exists()), "none yet")
            raise StudyError(
                f"generator {self.name}: the loss{of_class} is not finite at step {self.done} of {self.total} "
                f"(last good snapshot: {last}); lower learning_rate or raise {METHODS[self.settings.method].penalty}"
            )

    @property
    def _images_seen(self) -> int:
        return self.done * self.settings.images_per_step

    def snapshot_path(self, step: int) -> Path:
        """Return where the snapshot taken after ``step`` steps lies."""
        return self.folder / "snapshots" / snapshot_name(step)

    def state_dict(self) -> dict[str, Tensor]:
        return self._sums() | self.method.state_dict()

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        copy_tensors(tensors, self._sums())
        self.method.load_state_dict(tensors)

    def _sums(self) -> dict[str, Tensor]:
        return {"sums": self.sums, "summed": self.summed}
