"""Checkpoints of a long step: the newest two are kept, so that a truncated one falls back to the one before."""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from understudy.files import writing

# Least time between two checkpoints, in seconds; it changes no result. A queue that ends jobs often may want less.
CHECKPOINT_SECONDS = float(os.environ.get("UNDERSTUDY_CHECKPOINT_SECONDS", "60"))


def checkpoint_folder(parent: Path, parameters: object, files: Sequence[Path]) -> Path:
    """Return the folder below ``parent`` for the checkpoints of a job with these JSON-able parameters and input files.

    Its name is a digest of both, so that a job whose settings, seed or images have changed starts anew rather than
    going on from another job's weights.
    """
    digest = hashlib.blake2b(json.dumps(parameters, sort_keys=True).encode(), digest_size=8)
    for file in files:
        digest.update(file.read_bytes())
    return parent / digest.hexdigest()


class Checkpoints:
    """Save and load the state of an interrupted step under ``folder``.

    The folder must not be one of the rule's declared outputs: Snakemake deletes those of a failed job. ``seconds`` is
    the least time between two checkpoints.
    """

    KEPT = 2

    def __init__(self, folder: str | Path, seconds: float = CHECKPOINT_SECONDS):
        self.folder, self.seconds, self.saved = Path(folder), seconds, time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for another checkpoint."""
        return time.monotonic() - self.saved >= self.seconds

    def _steps(self) -> list[int]:
        names = (re.fullmatch(r"step-(\d+)\.safetensors", path.name) for path in self.folder.glob("step-*.safetensors"))
        return sorted((int(match[1]) for match in names if match), reverse=True)

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:09d}.safetensors"

    def save(self, step: int, tensors: dict[str, Tensor], state: dict) -> None:
        """Write ``tensors`` and the JSON-able ``state`` as the checkpoint of ``step``; keep only the newest two."""
        copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
        with writing(self._path(step)) as temporary:
            save_file(copies, temporary, metadata={"state": json.dumps(state)})
        for old in self._steps()[self.KEPT :]:
            self._path(old).unlink()
        self.saved = time.monotonic()

    def load(self) -> tuple[int, dict[str, Tensor], dict] | None:
        """Return (step, tensors, state) of the newest readable checkpoint, or None if there is none.

        A checkpoint that cannot be read, for example because the disk filled up, is named on stderr and passed over.
        """
        for step in self._steps():
            try:
                with safe_open(self._path(step), framework="pt") as file:
                    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
                    state = json.loads(file.metadata()["state"])
            except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
                print(f"checkpoint {self._path(step)} is not readable ({error}); using the one before", file=sys.stderr)
                continue
            return step, tensors, state
        return None

    def clear(self) -> None:
        """Remove the folder: the step has finished and its outputs are in place."""
        shutil.rmtree(self.folder, ignore_errors=True)


def adam_tensors(optimizer: torch.optim.Optimizer, parameters: Mapping[str, Tensor], prefix: str = "") -> dict:
    """Return the state of an Adam under ``{prefix}{kind}.{parameter}``; before the first step there is none."""
    return {
        f"{prefix}{kind}.{name}": value
        for name, parameter in parameters.items()
        for kind, value in optimizer.state[parameter].items()
    }


def load_adam(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, Tensor], tensors: Mapping[str, Tensor], prefix: str = ""
) -> None:
    """Give an Adam of all these parameters the state that :func:`adam_tensors` returned."""
    state = {
        index: {kind: tensors[f"{prefix}{kind}.{name}"].clone() for kind in ("step", "exp_avg", "exp_avg_sq")}
        for index, name in enumerate(parameters)
        if f"{prefix}step.{name}" in tensors
    }
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


@torch.no_grad()
def copy_tensors(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    """Copy the values of ``source`` into the tensors of the same names in ``target``, in place."""
    for name, value in target.items():
        value.copy_(source[name])
