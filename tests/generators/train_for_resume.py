"""Train a small generator, in a process of its own that a test may kill: arguments are method, per class, folder."""

import sys
from pathlib import Path

import torch

from tests.generators.small import CPU, made_up_images, small_settings
from understudy.generators.training import train_generator


def train_small(method: str, per_class: bool, folder: Path) -> list[Path]:
    """Train with a checkpoint after every step, on one thread, and return the snapshots."""
    torch.set_num_threads(1)
    penalty = {"path_length_weight": 2.0} if method == "stylegan2" else {}
    settings = small_settings(method, per_class=per_class, kimg=0.24, **penalty)
    return train_generator(made_up_images(), settings, 5, folder, CPU, checkpoint_seconds=0)


if __name__ == "__main__":
    train_small(sys.argv[1], sys.argv[2] == "True", Path(sys.argv[3]))
