import pytest
import torch

from understudy.devices import resolve_device, torch_generator
from understudy.errors import StudyError


def test_auto_takes_what_is_there():
    assert resolve_device("cpu") == torch.device("cpu")
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_mac_computes_on_its_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(StudyError, match=r"device: 'mps' is not available here \(available: auto, cpu\)"):
        resolve_device("mps")


def test_a_missing_device_says_what_to_change(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(StudyError, match=r"device: 'cuda' is not available here .*change `device`"):
        resolve_device("cuda")


def test_generators_of_one_seed_agree():
    first, second = (torch.randn(4, generator=torch_generator(3)) for _ in range(2))
    assert torch.equal(first, second)
