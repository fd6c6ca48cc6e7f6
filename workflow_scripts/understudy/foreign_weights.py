"""Weights that others have saved, for a network whose parameters are known by name; no code is ever unpickled.

A training script wraps them: in entries of a checkpoint (`state_dict`, `model`, `state_dict_ema`), and each name in
the prefixes of what held the network (`module.`, `model.`). What wraps them is recognised by the names that the network
itself has, since nobody agrees on the wrappers' names.
"""

import argparse
import pathlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from understudy.errors import StudyError
from understudy.text import some

EXPORT = 'save its weights alone where it was made: torch.save(model.state_dict(), "weights.pth")'
_NUMBERS = [np.dtype(kind) for kind in ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "f8")]
# What training scripts keep beside weights, and what can do nothing but hold values.
HARMLESS = [
    argparse.Namespace,
    pathlib.PosixPath,
    np.dtype,
    np.ndarray,
    *map(type, _NUMBERS),
    *((np._core.multiarray.scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    *((np._core.multiarray._reconstruct, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")),
]
# Modules that stand around another one's parameters, wherever in a name.
WRAPPERS = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
EMA = re.compile(r"(?<![a-z])ema(?![a-z])")
# No part of a network: counts of averaging and of profilers, losses and metrics that a training script keeps.
BESIDE = re.compile(r"(^|\.)(n_averaged|total_ops|total_params)$|^(\w*criterion|\w*loss\w*|\w*metrics?|\w*_acc)\.")
COUNT = "num_batches_tracked"  # of batch normalisation; older files lack it, and nothing reads it in evaluation
DEPTH = 4
SHOWN = 3


@dataclass(frozen=True)
class Found:
    """Entries of a file that may be a network's.

    Attributes
    ----------
    location : the file's entry and the prefix of the names in it
    tensors : those that the network has, by its own names
    extra : names that the network doesn't have, losses and the like not among them
    beside : what the file holds besides, by name
    """

    location: str
    tensors: Mapping[str, Tensor]
    extra: Sequence[str]
    beside: Sequence[str]


def weights_for(path: pathlib.Path, network: Mapping[str, Tensor], name: str) -> tuple[dict[str, Tensor], str]:
    """Return the weights of ``network``, a state dict, that a file holds, and where in it they were.

    Parameters
    ----------
    name : str
        What messages call the network.

    Returns
    -------
    tensors, note : dict, str
        ``note`` says which of several weights were taken, and what was not loaded; empty where there is nothing to say.

    Raises
    ------
    StudyError
        The file can't be read without running code that it holds, or it holds no weights or several of this network.
    """
    found = [found for location, entry in _entries(read_file(path)) for found in _candidates(location, entry, network)]
    if not found:
        raise StudyError(f"{path} holds no weights by name; {EXPORT}")
    fitting = [one for one in found if not _mistakes(one, network)]
    if not fitting:
        best = max(found, key=lambda one: (len(one.tensors), -len(one.extra)))
        raise StudyError(f"{path} does not fit {name}: {'; '.join(_mistakes(best, network))}")
    fitting = [one for number, one in enumerate(fitting) if not any(_equal(one, other) for other in fitting[:number])]
    averaged = [one for one in fitting if EMA.search(one.location.lower())]
    chosen = averaged if len(fitting) > 1 and len(averaged) == 1 else fitting
    if len(chosen) > 1:
        locations = ", ".join(one.location or "its own names" for one in chosen)
        raise StudyError(f"{path} holds several weights of {name}: {locations}; save those that are meant alone")
    one = chosen[0]
    notes = [f"the averaged (EMA) weights in {one.location} are used"] if one in averaged else []
    if one.beside:
        notes.append(f"not loaded: {some(one.beside, SHOWN)}")
    return dict(one.tensors), "; ".join(notes)


def read_file(path: pathlib.Path) -> object:
    """Return what a file of safetensors or of torch holds, whatever its suffix.

    Raises
    ------
    StudyError
        It can't be read, or not without running code that it holds.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise StudyError(f"{path} can't be read: {error.strerror or error}") from None


def _read(path: pathlib.Path, file: BinaryIO) -> object:
    head = file.read(40)
    file.seek(0)
    try:
        if head[8:9] == b"{":
            return load_file(path)
        with torch.serialization.safe_globals(HARMLESS), warnings.catch_warnings(action="ignore"):
            # An open file: of a path torch goes by its suffix.
            return torch.load(file, "cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # of a broken file torch raises any; its texts advise to run whatever the file holds
        raise StudyError(f"{path} {_reason(error, head)}") from None


def _reason(error: Exception, head: bytes) -> str:
    if head.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS instead of the file: fetch it with `git lfs pull`"
    if "TorchScript" in str(error):
        return f"is a TorchScript program, no state dict; {EXPORT}"
    blocked = re.findall(r"GLOBAL ([\w.]+)", str(error)) if isinstance(error, UnpicklingError) else []
    if blocked:
        return f"holds pickled objects ({blocked[0]}), whose loading would run code from the file; {EXPORT}"
    if not head.startswith((b"PK", b"\x80")) and not isinstance(error, SafetensorError):
        return "holds no weights that torch or safetensors has saved; is it the right file?"
    return "is broken or was cut short; copy or download it again"


def _entries(content: object, location: str = "", depth: int = 0) -> Iterator[tuple[str, Mapping]]:
    """Yield every mapping in a file with tensors by name, and its location."""
    if not isinstance(content, Mapping) or depth > DEPTH:
        return
    if any(isinstance(value, Tensor) for value in content.values()):
        yield location, content
    for key, value in content.items():
        yield from _entries(value, f"{location}.{key}" if location else str(key), depth + 1)


def _candidates(location: str, entry: Mapping, network: Mapping[str, Tensor]) -> Iterator[Found]:
    """Yield an entry's tensors by the network's names, for every prefix that these may have."""
    tensors = {WRAPPERS.sub("", str(key)): value for key, value in entry.items() if isinstance(value, Tensor)}
    needed = [name for name in network if not name.endswith(COUNT)]
    anchors = {needed[0], needed[len(needed) // 2], needed[-1]}
    ends = [(key, anchor) for key in tensors for anchor in anchors if key == anchor or key.endswith(f".{anchor}")]
    prefixes = list(dict.fromkeys(key.removesuffix(anchor) for key, anchor in ends)) or [""]
    whole = [prefix for prefix in prefixes if all(prefix + name in tensors for name in needed)]
    for prefix in whole or prefixes:
        # Below the same prefix another may stand, such as its moving average: it is a candidate of its own.
        others = tuple(other for other in whole if other != prefix and other.startswith(prefix))
        own = [key.removeprefix(prefix) for key in tensors if key.startswith(prefix) and not key.startswith(others)]
        extra = [name for name in own if name not in network]
        beside = [name for name in extra if BESIDE.search(name)]
        yield Found(
            ", names below ".join(filter(None, [location, prefix.rstrip(".")])),
            {name: tensors[prefix + name] for name in network if prefix + name in tensors},
            sorted(set(extra) - set(beside)),
            sorted([*beside, *(key for key in tensors if not key.startswith(prefix))]),
        )


def _mistakes(found: Found, network: Mapping[str, Tensor]) -> list[str]:
    """Say why the tensors aren't a network's, all of them."""
    missing = [name for name in network if name not in found.tensors and not name.endswith(COUNT)]
    shapes = {name: (tuple(value.shape), tuple(network[name].shape)) for name, value in found.tensors.items()}
    shapes = {name: pair for name, pair in shapes.items() if pair[0] != pair[1]}
    heads = {(given[:1], needed[:1]) for given, needed in shapes.values() if given[1:] == needed[1:] != given}
    if len(heads) == 1 and not missing and not found.extra and list(shapes)[-1] == list(network)[-1]:
        ((given, needed),) = heads
        return [f"its head tells {given[0]} classes apart, not {needed[0]}"]
    other = [f"{name} {list(given)}, needed {list(needed)}" for name, (given, needed) in shapes.items()]
    lists = {"missing": missing, "unknown": found.extra, "of another shape": other}
    return [f"{len(names)} entries {what} ({some(names, SHOWN)})" for what, names in lists.items() if names]


def _equal(one: Found, other: Found) -> bool:
    return one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()
    )
