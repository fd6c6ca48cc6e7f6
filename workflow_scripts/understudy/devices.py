"""Where tensors live, and explicit random generators there."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from understudy.errors import StudyError


def resolve_device(name: str) -> torch.device:
    """Return the device called ``name``: ``auto`` (CUDA where there is one, else the CPU), ``cpu`` or ``cuda``.

    Raises
    ------
    StudyError
        If the device is named but this machine has none.
    """
    # A Mac computes on its CPU: its GPU has no float64, which noise schedules and stacked sums need.
    available = {"cuda": torch.cuda.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in available.items() if present)
    if not available.get(name, False):
        present = ", ".join(kind for kind, here in available.items() if here)
        raise StudyError(
            f"device: {name!r} is not available here (available: auto, {present}); change `device` in the config"
        )
    return torch.device(name)


def torch_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return an explicit random generator on ``device`` started at ``seed``."""
    return torch.Generator(device=device).manual_seed(seed)


@contextmanager
def global_random_state(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Seed torch's global random state, from which foreign code draws, and put it back, on the CPU and ``device``."""
    with torch.random.fork_rng(devices=[device] if device is not None and device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether ``device`` has units that multiply bfloat16 matrices, and so gains by that precision."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False)
