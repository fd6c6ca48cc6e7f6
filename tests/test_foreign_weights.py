"""Checkpoints as training scripts leave them: the weights are found whatever wraps them, or refused in one line."""

import argparse
import io
import pathlib
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from understudy.errors import StudyError
from understudy.foreign_weights import weights_for


def network(classes: int = 4, blocks: int = 2) -> nn.Sequential:
    """A network whose blocks have names that occur in one another, as a residual network's have."""
    layers = [("conv", nn.Conv2d(3, 4, 3)), ("bn", nn.BatchNorm2d(4))]
    body = [nn.Sequential(OrderedDict(conv=nn.Conv2d(4, 4, 3), bn=nn.BatchNorm2d(4))) for _ in range(blocks)]
    return nn.Sequential(OrderedDict([*layers, ("body", nn.Sequential(*body)), ("fc", nn.Linear(4, classes))]))


with torch.random.fork_rng():
    torch.manual_seed(0)
    NETWORK = network()
    STATE = dict(network().state_dict())  # what the file must give
    ZEROS = {name: torch.zeros_like(value) for name, value in STATE.items()}


def prefixed(prefix: str, state=STATE) -> dict:
    return {prefix + name: value for name, value in state.items()}


def averaged() -> dict:
    inner = network()
    inner.load_state_dict(STATE)
    return AveragedModel(inner).state_dict()


ADAM = {"state": {0: {"exp_avg": torch.ones(4, 3, 3, 3), "step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]}
ARGUMENTS = argparse.Namespace(lr=0.1, output=pathlib.PurePosixPath("out"), model="resnet18")
TRAINING = {
    "epoch": 3,
    "arch": "resnet18",
    "optimizer": ADAM,
    "args": argparse.Namespace(lr=0.1),
    "metric": np.float64(0.9),
}

WRAPPED = {
    "plain": STATE,
    "data parallel": prefixed("module."),
    "compiled": prefixed("_orig_mod."),
    "compiled and parallel": prefixed("module._orig_mod."),
    "parallel and compiled": prefixed("_orig_mod.module."),
    "Lightning": {"state_dict": prefixed("model."), "pytorch-lightning_version": "2.1", "callbacks": {}, "loops": None},
    "Lightning, compiled": {"state_dict": prefixed("model._orig_mod."), "hyper_parameters": {"lr": 0.1}},
    "Lightning, with a loss": {"state_dict": prefixed("net.") | {"criterion.weight": torch.ones(4)}},
    "timm's training": TRAINING | {"state_dict": STATE, "version": 2, "amp_scaler": {"scale": torch.tensor(1.0)}},
    "timm's with an average": TRAINING | {"state_dict": ZEROS, "state_dict_ema": prefixed("module.")},
    "DeiT": {"model": STATE, "model_ema": STATE, "lr_scheduler": {}, "scaler": {}},
    "DeiT, averaged": {"model": ZEROS, "model_ema": STATE},
    "torch's tutorial": {"model_state_dict": STATE, "optimizer_state_dict": ADAM, "loss": torch.tensor(0.1)},
    "averaged model": averaged(),
    "a part compiled": {name.replace("body.", "body._orig_mod."): value for name, value in STATE.items()},
    "sharded": {name.replace("body.0.", "body.0._fsdp_wrapped_module."): value for name, value in STATE.items()},
    "average beside": prefixed("model.", ZEROS) | prefixed("model_ema.module."),
    "average below": ZEROS | prefixed("ema."),
    "nested": {"checkpoint": {"net": {"params": prefixed("module.")}}},
    "profiled": STATE | {"total_ops": torch.zeros(1), "body.total_params": torch.zeros(1)},
    "old normalisation": {name: value for name, value in STATE.items() if not name.endswith("num_batches_tracked")},
    "arrays beside": {"state_dict": STATE, "history": np.arange(3.0), "best": np.float32(1)},
}


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.parametrize("old", [False, True], ids=["zip", "old format"])
def test_weights_are_found_whatever_wraps_them(kind, old, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(WRAPPED[kind], path, _use_new_zipfile_serialization=not old)
    found, note = weights_for(path, NETWORK.state_dict(), "the network")
    expected = {name: value for name, value in STATE.items() if name in found}
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    assert all(name.endswith("num_batches_tracked") for name in STATE.keys() - found.keys())
    assert ("EMA" in note) == any(kind.startswith(word) for word in ("timm's with", "DeiT, a", "average "))


def test_halves_and_safetensors_of_any_suffix_are_read(tmp_path):
    halves = {name: value.half() if value.is_floating_point() else value for name, value in prefixed("module.").items()}
    save_file(halves, tmp_path / "a.bin")
    torch.save(STATE, tmp_path / "b.safetensors")
    for name in ("a.bin", "b.safetensors"):
        found, _ = weights_for(tmp_path / name, NETWORK.state_dict(), "the network")
        torch.testing.assert_close(found["fc.weight"].float(), STATE["fc.weight"], rtol=1e-3, atol=1e-3)


class Unknown:
    """A class of somebody's training script."""


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def program() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), file)
    return file.getvalue()


REFUSED = {
    "a whole module": (saved(NETWORK), r"holds pickled objects \(torch\.nn\..*torch\.save\(model\.state_dict\(\)"),
    "a module in an entry": (saved({"model": NETWORK, "epoch": 3}), r"holds pickled objects"),
    "a class": (saved({"state_dict": STATE, "config": Unknown()}), r"holds pickled objects \(tests.*Unknown\)"),
    "a program": (program(), "is a TorchScript program, no state dict"),
    "a page": (b"<!DOCTYPE html><html>404", "holds no weights that torch or safetensors has saved"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "nothing": (b"", "holds no weights"),
    "a cut file": (saved(STATE)[:-300], "is broken or was cut short"),
    "a tensor": (saved(torch.ones(3)), "holds no weights by name"),
    "no weights": (saved({"epoch": 3}), "holds no weights by name"),
    "another head": (saved(network(10).state_dict()), "its head tells 10 classes apart, not 4"),
    "no head": (
        saved({k: v for k, v in STATE.items() if "fc" not in k}),
        r"2 entries missing \(fc\.weight, fc\.bias\)",
    ),
    "a deeper one": (saved(network(4, 3).state_dict()), r"7 entries unknown \(body\.2\.bn\.bias.* and 4 more\)"),
    "another width": (
        saved(STATE | {"conv.weight": torch.ones(8, 3, 3, 3)}),
        r"of another shape \(conv\.weight \[8, 3, 3",
    ),
    "two of them": (
        saved({"student": STATE, "teacher": ZEROS}),
        "holds several weights of the network: student, teacher",
    ),
    "of two parts": (saved(prefixed("a.") | prefixed("b.", ZEROS)), "holds several weights of the network: a, b"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_networks_weights_is_one_line(kind, tmp_path):
    path, (content, message) = tmp_path / "weights.pth", REFUSED[kind]
    path.write_bytes(content)
    with pytest.raises(StudyError, match=message) as raised:
        weights_for(path, NETWORK.state_dict(), "the network")
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)
    assert not any(word in str(raised.value) for word in ("weights_only", "pickle.load", "trust"))


def test_no_code_of_a_file_is_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return pathlib.Path.touch, (tmp_path / "harm",)

    torch.save({"state_dict": STATE, "x": Harm()}, tmp_path / "weights.pth")
    with pytest.raises(StudyError, match="holds pickled objects"):
        weights_for(tmp_path / "weights.pth", NETWORK.state_dict(), "the network")
    assert not (tmp_path / "harm").exists()


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    for path, reason in ((tmp_path / "none.pth", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(StudyError, match=reason):
            weights_for(path, NETWORK.state_dict(), "the network")
