"""Where tensors live, and explicit random generators there."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from understudy.errors import StudyError


def choose_device(name: str) -> torch.device:
    """Return the device called ``name``: ``auto`` (CUDA, then MPS, then CPU), ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    StudyError
        If the device is named but this machine has none.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in available.items() if present)
    if not available.get(name, False):
        present = ", ".join(kind for kind, here in available.items() if here)
        raise StudyError(
            f"device: {name!r} is not available here (available: auto, {present}); change `device` in the config"
        )
    if name == "cpu":
        _keep_freed_memory()
    return torch.device(name)


def _keep_freed_memory() -> None:
    """Let this process keep the memory that it frees, where the C library is glibc.

    By default tensors of more than 128 KB, and what is free at the heap's end, go back to the system at once, and every
    step of a small network gets its memory anew, page by page: a tenth of its time.
    """
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    # mallopt's parameters M_MMAP_THRESHOLD, of which 32 MB is the largest that glibc takes, and M_TRIM_THRESHOLD.
    library.mallopt(-3, 32 * 2**20)
    library.mallopt(-1, 2**30)


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
