"""Mutations of checkpoints, as training scripts of others leave them."""

import argparse
import io
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from benchmarks.input_mutations.cases import Case, Reads, Refuses, mutation
from understudy.foreign_weights import weights_for

KIND = "checkpoints"
CLASSES = 4


def network(classes: int = CLASSES, blocks: int = 2) -> nn.Sequential:
    """Return a network whose blocks have names that occur in one another."""
    body = [nn.Sequential(OrderedDict(conv=nn.Conv2d(4, 4, 3), bn=nn.BatchNorm2d(4))) for _ in range(blocks)]
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(3, 4, 3), bn=nn.BatchNorm2d(4), body=nn.Sequential(*body), fc=nn.Linear(4, classes))
    )


@cache
def needed() -> dict[str, Tensor]:
    """Return the weights of the network that a study makes."""
    return dict(network().state_dict())


def state(rng: np.random.Generator) -> dict[str, Tensor]:
    """Return other weights of that network."""
    return {
        name: torch.from_numpy(rng.normal(size=tuple(value.shape)).astype(np.float32))
        if value.is_floating_point()
        else value
        for name, value in needed().items()
    }


def below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with a prefix before their names."""
    return {prefix + name: value for name, value in tensors.items()}


def packed(content: Any, rng: np.random.Generator) -> bytes:
    """Return what torch saves, in its present or its old format."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=bool(rng.random() < 0.7))
    return buffer.getvalue()


def reads(folder: Path, content: bytes, tensors: dict[str, Tensor], name: str = "weights.pth") -> Case:
    """Write a file, and return that these tensors are read of it."""
    (folder / name).write_bytes(content)
    return Reads(lambda: _values(weights_for(folder / name, needed(), "the network")[0]), _values(tensors))


def refuses(folder: Path, content: bytes, word: str) -> Case:
    """Write a file, and return that it is refused."""
    (folder / "weights.pth").write_bytes(content)
    return Refuses(lambda: weights_for(folder / "weights.pth", needed(), "the network"), word)


def _values(tensors: dict[str, Tensor]) -> dict[str, tuple]:
    return {name: (str(value.dtype), value.tolist()) for name, value in tensors.items()}


@mutation(KIND)
def prefixes(rng: np.random.Generator, folder: Path) -> Case:
    """Before all names what held the network: parallel, compiled, Lightning."""
    tensors = state(rng)
    words = ["module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module.", "net.", "model.backbone.", ""]
    return reads(folder, packed(below(str(rng.choice(words)), tensors), rng), tensors)


@mutation(KIND)
def wrappers(rng: np.random.Generator, folder: Path) -> Case:
    """An entry of a checkpoint, beside what a training script keeps."""
    tensors = state(rng)
    beside = {
        "epoch": 3,
        "optimizer": {"state": {0: {"exp_avg": torch.ones(4, 3, 3, 3)}}, "param_groups": [{"lr": 0.1}]},
        "args": argparse.Namespace(lr=0.1),
        "metric": np.float64(0.9),
        "loss": torch.tensor(0.3),
        "history": np.arange(4.0),
    }
    kept = {str(name): beside[name] for name in rng.permutation(list(beside))[: rng.integers(0, 6)]}
    words = ["state_dict", "model", "model_state_dict", "net", "params", "weights"]
    prefix = str(rng.choice(["", "module.", "model."]))
    entry: Any = {str(rng.choice(words)): below(prefix, tensors)}
    if rng.random() < 0.3:
        entry = {"checkpoint": entry}
    return reads(folder, packed({**kept, **entry}, rng), tensors)


@mutation(KIND)
def averages(rng: np.random.Generator, folder: Path) -> Case:
    """The moving average beside the last weights: it is what was validated."""
    tensors, last = state(rng), state(rng)
    kinds = [
        {"state_dict": last, "state_dict_ema": below("module.", tensors)},
        {"model": last, "model_ema": tensors},
        {"model": last, "ema": tensors, "epoch": 3},
        below("model.", last) | below("model_ema.module.", tensors),
        {**last, **below("ema.", tensors)},
    ]
    return reads(folder, packed(kinds[rng.integers(len(kinds))], rng), tensors)


@mutation(KIND)
def averaged_model(rng: np.random.Generator, folder: Path) -> Case:
    """What torch's own averaging saves, with the count of steps."""
    tensors = state(rng)
    return reads(folder, packed(below("module.", tensors) | {"n_averaged": torch.tensor(7)}, rng), tensors)


@mutation(KIND)
def same_twice(rng: np.random.Generator, folder: Path) -> Case:
    """Equal weights in two entries."""
    tensors = state(rng)
    return reads(folder, packed({"best": tensors, "last": dict(tensors)}, rng), tensors)


@mutation(KIND)
def safetensors(rng: np.random.Generator, folder: Path) -> Case:
    """The format of Hugging Face, whatever the suffix."""
    tensors = state(rng)
    prefix = str(rng.choice(["", "module.", "model."]))
    name = str(rng.choice(["weights.safetensors", "model.bin", "weights.pth", "weights"]))
    return reads(folder, save(below(prefix, tensors)), tensors, name)


@mutation(KIND)
def halves(rng: np.random.Generator, folder: Path) -> Case:
    """Weights of 16 bits."""
    kind = torch.float16 if rng.random() < 0.5 else torch.bfloat16
    tensors = {name: one.to(kind) if one.is_floating_point() else one for name, one in state(rng).items()}
    content = save(tensors) if rng.random() < 0.5 else packed(tensors, rng)
    return reads(folder, content, tensors)


@mutation(KIND)
def without_counts(rng: np.random.Generator, folder: Path) -> Case:
    """No counts of batches, which old files lack and nothing reads; parameters rather than tensors."""
    tensors = {name: one for name, one in state(rng).items() if not name.endswith("num_batches_tracked")}
    kept = {name: nn.Parameter(one) if "running" not in name else one for name, one in tensors.items()}
    return reads(folder, packed(kept if rng.random() < 0.5 else OrderedDict(tensors), rng), tensors)


@mutation(KIND)
def losses_beside(rng: np.random.Generator, folder: Path) -> Case:
    """Weights of a loss and counts of a profiler, which are no part of the network."""
    tensors = state(rng)
    more = [{"criterion.weight": torch.ones(4)}, {"loss_fn.pos_weight": torch.ones(1)}, {"total_ops": torch.zeros(1)},
            {"train_acc.total": torch.tensor(3)}]  # fmt: skip
    return reads(folder, packed(tensors | more[rng.integers(len(more))], rng), tensors)


@mutation(KIND)
def missing_tensor(rng: np.random.Generator, folder: Path) -> Case:
    """One of the network's tensors isn't there."""
    tensors = state(rng)
    name = str(rng.choice([one for one in tensors if not one.endswith("num_batches_tracked")]))
    del tensors[name]
    return refuses(folder, packed(below(str(rng.choice(["", "module."])), tensors), rng), f"missing ({name})")


@mutation(KIND)
def other_network(rng: np.random.Generator, folder: Path) -> Case:
    """Another head, more blocks, another width, or no weights at all."""
    kinds = [
        (dict(network(classes=10).state_dict()), "10 classes apart, not 4"),
        (dict(network(blocks=3).state_dict()), "unknown (body.2"),
        (state(rng) | {"conv.weight": torch.ones(8, 3, 3, 3)}, "of another shape (conv.weight"),
        ({"epoch": 3}, "no weights by name"),
        (torch.ones(3), "no weights by name"),
        ([state(rng)["conv.weight"]], "no weights by name"),
    ]
    content, word = kinds[rng.integers(len(kinds))]
    return refuses(folder, packed(content, rng), word)


@mutation(KIND)
def two_networks(rng: np.random.Generator, folder: Path) -> Case:
    """Two weights of the same network, and no word which is meant."""
    words = [("student", "teacher"), ("net_a", "net_b"), ("generator", "critic")]
    one, other = words[rng.integers(len(words))]
    if rng.random() < 0.5:
        return refuses(folder, packed({one: state(rng), other: state(rng)}, rng), "several weights")
    return refuses(
        folder, packed(below(f"{one}.", state(rng)) | below(f"{other}.", state(rng)), rng), "several weights"
    )


class Unknown:
    """A class of somebody's training script."""


@mutation(KIND)
def pickled_objects(rng: np.random.Generator, folder: Path) -> Case:
    """A whole module, or an object of a class that only its owner has: loading it would run code."""
    kinds = [network(), {"model": network(), "epoch": 3}, {"state_dict": state(rng), "config": Unknown()}]
    return refuses(folder, packed(kinds[rng.integers(len(kinds))], rng), "state_dict()")


@mutation(KIND)
def program(rng: np.random.Generator, folder: Path) -> Case:
    """A program of TorchScript."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), buffer)
    return refuses(folder, buffer.getvalue(), "TorchScript")


@mutation(KIND)
def cut_short(rng: np.random.Generator, folder: Path) -> Case:
    """The end is missing."""
    content = save(state(rng)) if rng.random() < 0.5 else packed(state(rng), rng)
    return refuses(folder, content[: int(len(content) * rng.uniform(0.2, 0.9))], "cut short")


@mutation(KIND)
def something_else(rng: np.random.Generator, folder: Path) -> Case:
    """Nothing, a page, a pointer of Git LFS, an image."""
    kinds = [
        (b"", "holds no weights"),
        (b"<!DOCTYPE html><html>404", "holds no weights"),
        (b"\x89PNG\r\n\x1a\n", "holds no"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    ]
    content, word = kinds[rng.integers(len(kinds))]
    return refuses(folder, content, word)


@mutation(KIND)
def layouts_in_memory(rng: np.random.Generator, folder: Path) -> Case:
    """Channels last, views of larger tensors, numbers of 64 bits."""
    tensors = state(rng)
    stored = dict(tensors)
    kind = rng.integers(3)
    for name, one in tensors.items():
        if kind == 0 and one.ndim == 4:
            stored[name] = one.to(memory_format=torch.channels_last)
        elif kind == 1 and one.ndim:
            stored[name] = torch.stack([one, one])[1]
        elif kind == 2 and one.is_floating_point():
            stored[name] = tensors[name] = one.double()
    return reads(folder, packed(stored, rng), tensors)


@mutation(KIND)
def prefix_of_a_part(rng: np.random.Generator, folder: Path) -> Case:
    """A part of the network compiled or sharded, in the middle of the names."""
    tensors = state(rng)
    word = str(rng.choice(["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]))
    stored = {name.replace("body.1.", f"body.1.{word}."): one for name, one in tensors.items()}
    return reads(folder, packed(stored, rng), tensors)


@mutation(KIND)
def further_parts(rng: np.random.Generator, folder: Path) -> Case:
    """A whole other network below another prefix, which is named and not loaded."""
    tensors = state(rng)
    more = {"projector.weight": torch.ones(7, 4), "projector.bias": torch.ones(7)}
    return reads(folder, packed(below("backbone.", tensors) | more, rng), tensors)
