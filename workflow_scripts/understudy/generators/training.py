"""Train a GAN: a method's step with history and snapshots."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from understudy.checkpoints import CHECKPOINT_SECONDS, Checkpoints
from understudy.errors import StudyError
from understudy.generators.batches import RealImages, check_training_images
from understudy.generators.layers import check_resolution
from understudy.generators.settings import GeneratorSettings, StyleGAN2Settings, WGANGPSettings
from understudy.generators.snapshots import Description, read_description, save_snapshot
from understudy.generators.stylegan2_step import StyleGAN2Step
from understudy.generators.wgan_gp_step import WGANGPStep
from understudy.seeds import seed_for
from understudy.tables import write_table
from understudy.training_loop import train

HISTORY_ROWS = 200  # per GAN
# Looking for NaN waits for the device, so it isn't done at every step.
STEPS_BETWEEN_CHECKS = 16


def train_generator(
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    settings: GeneratorSettings,
    seed: int,
    folder: Path,
    checkpoints: Path,
    device: torch.device,
    name: str = "",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> list[Path]:
    """Train one conditional GAN, or one per class as a stack, and return the snapshots in the order of training.

    Parameters
    ----------
    images : uint8 array [N, C, H, W]
        Square, 4 times a power of two pixels a side, one or three channels.
    labels : int64 array [N], 0 to classes - 1
    seed : int
        Decides everything random; the device's kernels decide the last bits.
    folder : Path
        Receives ``snapshots/{step:08d}.safetensors`` and ``history.parquet``. It must outlive an interruption, and
        so be no declared output of a rule: a resumed training makes only the snapshots that are missing.
    checkpoints : Path
        Where an interrupted training is resumed from, exactly. Left for the caller to remove.
    name : str
        The generator's name in errors and metadata; the method's if empty.
    checkpoint_seconds : float
        Least time between two checkpoints; it changes no result.

    Raises
    ------
    StudyError
        If images don't fit, a class has too few of them, or a loss is no longer finite: the message names the
        generator and the step, and snapshots made before stay.

    """
    name = name or settings.method
    check_training_images(images, labels, classes, settings.per_class, name)
    try:
        check_resolution(images.shape[2], images.shape[1])
    except ValueError as error:
        raise StudyError(f"generator {name}: {error}; resize or crop the images (`data`)") from error
    run = TrainingRun(images, labels, classes, settings, seed, Path(folder), name, device)
    train(run, Checkpoints(checkpoints, checkpoint_seconds), f"generator {name}")
    write_table("generator_history", pd.DataFrame(run.history), Path(folder) / "history.parquet")
    return [run.snapshot_path(step) for step in run.snapshot_steps]


def method_of(settings: StyleGAN2Settings | WGANGPSettings) -> type[StyleGAN2Step] | type[WGANGPStep]:
    """Return the class whose steps train such a GAN."""
    return StyleGAN2Step if isinstance(settings, StyleGAN2Settings) else WGANGPStep


def training_steps(settings: StyleGAN2Settings | WGANGPSettings) -> int:
    """Return the number of steps of a training."""
    return max(round(1000 * settings.kimg / method_of(settings).images_per_step(settings)), 1)


def snapshot_steps(settings: StyleGAN2Settings | WGANGPSettings) -> list[int]:
    """Return after which steps, ascending, a training leaves a snapshot; the last step is one."""
    steps = training_steps(settings)
    snapshots = min(settings.snapshots, steps)
    return [round(steps * (k + 1) / snapshots) for k in range(snapshots)]


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
    steps = snapshot_steps(read_description(found[0])[0]) if found else []
    missing = sorted({snapshot_name(step) for step in steps} - {path.name for path in found})
    if missing or not found:
        raise StudyError(
            f"{folder}: {', '.join(missing) or 'every snapshot'} of the generator's training is missing; delete the "
            "folder and run again to train it anew"
        )
    return found


class TrainingRun:
    """A GAN's training under way; a :class:`~understudy.training_loop.Training`."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, classes: int, settings: GeneratorSettings, seed: int,
                 folder: Path, name: str, device: torch.device):  # fmt: skip
        self.settings, self.name, self.folder, self.device = settings.resolve(), name, folder, device
        self.per_class, self.classes = settings.per_class, classes
        self.channels, self.resolution = images.shape[1], images.shape[2]
        self.members = list(range(classes)) if self.per_class else [-1]
        seeds = [seed_for(seed, "member", member) for member in self.members]
        group = self.settings.class_group
        self.real = RealImages(images, labels, classes, seeds, self.settings.mirror, device, group)
        known = self.real.label_count
        self.total = training_steps(self.settings)
        self.method = method_of(self.settings)(
            self.settings, self.resolution, self.channels, known, seeds, self.total, device
        )
        self.snapshot_steps = snapshot_steps(self.settings)
        rows = min(HISTORY_ROWS, self.total)
        self.history_steps = {round(self.total * (k + 1) / rows) for k in range(rows)}
        self.done = 0
        self.history: list[dict] = []
        # Sums of the generator's and the discriminator's losses since the last row of the history.
        self.sums = torch.zeros(2, len(self.members), device=device)
        self.summed = torch.zeros(1)
        self.note = ""

    def advance(self) -> None:
        """Take one step, and write the history's row and the snapshot that are due after it."""
        self.sums += torch.stack(self.method.step(self.done, self.real))
        self.summed += 1
        self.done += 1
        if self.done % STEPS_BETWEEN_CHECKS == 0 or self.done in self.history_steps:
            self.check_finite()
        if self.done in self.history_steps:
            self._add_history()
        if self.done in self.snapshot_steps:
            self.check_finite()
            save_snapshot(self.snapshot_path(self.done), self.method.snapshot(self.done), self.settings,
                          self._description())  # fmt: skip

    def _add_history(self) -> None:
        generator_loss, discriminator_loss = (self.sums / self.summed.item()).tolist()
        scalars = {key: value.tolist() for key, value in self.method.scalars.items()}
        for k, member in enumerate(self.members):
            self.history.append(
                {
                    "step": self.done,
                    "images_seen": self._images_seen(self.done),
                    "label": member,
                    "generator_loss": generator_loss[k],
                    "discriminator_loss": discriminator_loss[k],
                    "augmentation_p": scalars["p"][k] if "p" in scalars else 0.0,
                    "augmentation_r": scalars["r"][k] if "r" in scalars else 0.0,
                }
            )
        self.note = f"losses {np.mean(generator_loss):.3f} {np.mean(discriminator_loss):.3f}"
        self.sums.zero_()
        self.summed.zero_()

    def check_finite(self) -> None:
        """Raise a StudyError if a loss since the last row of the history was NaN or infinite."""
        bad = ~self.sums.isfinite().all(dim=0)
        if bad.any():
            member = self.members[int(bad.nonzero()[0])]
            of_class = "" if member < 0 else f" of class {member}"
            kept = [self.snapshot_path(step) for step in self.snapshot_steps if step < self.done]
            last = next((path for path in reversed(kept) if path.exists()), "none yet")
            penalty = "r1_gamma" if isinstance(self.settings, StyleGAN2Settings) else "gradient_penalty"
            raise StudyError(
                f"generator {self.name}: the loss{of_class} is not finite at step {self.done} of {self.total} "
                f"(last good snapshot: {last}); lower learning_rate or raise {penalty}"
            )

    def _images_seen(self, step: int) -> int:
        return step * self.method.images_per_step(self.settings)

    def _description(self) -> Description:
        return Description(self.name, self.resolution, self.channels, self.classes, self.per_class, self.done,
                           self._images_seen(self.done))  # fmt: skip

    def snapshot_path(self, step: int) -> Path:
        """Where the snapshot taken after ``step`` steps lies."""
        return self.folder / "snapshots" / snapshot_name(step)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the whole state, but for the history and the number of steps done."""
        named = {"sums": self.sums, "summed": self.summed}
        for player, stack in self.method.players.items():
            named |= {f"{player}.{key}": value for key, value in stack.state().items()}
        named |= {f"average.{key}": value for key, value in self.method.average.weights.items()}
        named |= {f"scalar.{key}": value for key, value in self.method.scalars.items()}
        for player, optimizer in self.method.optimizers.items():
            for place, values in optimizer.state_dict()["state"].items():
                named |= {f"optimizer.{player}.{place}.{key}": value for key, value in values.items()}
        return named

    def log_dict(self) -> dict:
        """Return the history, as JSON-able data."""
        return {"history": self.history}

    def load_log_dict(self, log: dict) -> None:
        """Take over what :meth:`log_dict` returned."""
        self.history = log["history"]

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state_dict` returned."""
        for player, optimizer in self.method.optimizers.items():
            prefix = f"optimizer.{player}."
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(prefix):
                    place, kind = key.removeprefix(prefix).split(".")
                    moments.setdefault(int(place), {})[kind] = value
            optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
        for key, value in self.state_dict().items():
            value.copy_(tensors[key])
