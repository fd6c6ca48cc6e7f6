"""Sampling from pretrained generators: the real code on tiny pipelines with random weights."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.zoo.tiny import save_biggan, save_dit
from understudy.data.shards import read_images
from understudy.errors import StudyError
from understudy.generators.pretrained import load_pretrained
from understudy.generators.pretrained_settings import BigGANSet, DiTSet
from understudy.jobs.context import JobContext
from understudy.jobs.zoo import generate_shard

pytestmark = pytest.mark.slow(minutes=0.3)  # pipelines

CPU = torch.device("cpu")
LABELS, SEEDS = np.array([3, 1, 3, 0]), np.array([11, 12, 11, 14])


@pytest.fixture(scope="module")
def dit(tmp_path_factory) -> str:
    return str(save_dit(tmp_path_factory.mktemp("pretrained") / "dit"))


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_an_image_depends_on_its_class_and_seed_alone(dit, guidance):
    def sample(labels, seeds, batch_size):
        settings = DiTSet(source="dit", model=dit, guidance=guidance, steps=3, batch_size=batch_size)
        return load_pretrained(settings, CPU).sample(labels, seeds)

    images = sample(LABELS, SEEDS, 4)
    assert images.shape == (4, 3, 8, 8) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any()
    # Another batch may change the last bit before rounding.
    np.testing.assert_allclose(sample(LABELS[1:2], SEEDS[1:2], 1)[0].astype(int), images[1].astype(int), atol=1)


def test_guidance_changes_images(dit):
    images = [
        load_pretrained(DiTSet(source="dit", model=dit, guidance=scale, steps=3), CPU).sample(LABELS, SEEDS)
        for scale in (1.0, 4.0)
    ]
    assert (images[0] != images[1]).any()


def test_shards_of_any_size_hold_the_same_images(dit, tmp_path):
    def shard(number, size):
        settings = {"source": "dit", "model": dit, "steps": 2, "images_per_class": 2, "shard_size": size, "size": 6}
        path = tmp_path / f"{size}-{number}.parquet"
        generate_shard(settings, 3, path, JobContext(wildcards={"set": "a", "shard": str(number)}))
        return read_images(path)

    whole, second = shard(0, 6), shard(1, 4)
    assert whole.images.shape == (6, 3, 6, 6)
    assert whole.labels.tolist() == [0, 1, 2, 0, 1, 2] and second.labels.tolist() == [1, 2]
    assert whole.columns["seed"].nunique() == 6
    assert second.columns["seed"].tolist() == whole.columns["seed"].tolist()[4:]
    assert len(np.unique(whole.images, axis=0)) == 6
    # Another batch may change the last bit before rounding.
    np.testing.assert_allclose(second.images.astype(int), whole.images[4:].astype(int), atol=1)


def test_a_folder_without_a_pipeline_is_named(tmp_path):
    with pytest.raises(StudyError, match="no pipeline of diffusers could be loaded"):
        load_pretrained(DiTSet(source="dit", model=str(tmp_path)), CPU)


def test_biggan_images_depend_on_class_seed_and_truncation(tmp_path):
    pytest.importorskip("pytorch_pretrained_biggan", reason="an optional package")
    folder = save_biggan(tmp_path / "biggan")
    sets = [BigGANSet(source="biggan", model=folder, truncation=value) for value in (0.4, 1.0)]
    images, other = (load_pretrained(settings, CPU).sample(LABELS, SEEDS) for settings in sets)
    assert images.shape == (4, 3, 16, 16) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any() and (images != other).any()


class StandIn(torch.nn.Module):
    """A network with a parameter and a buffer in place of the optional package's."""

    def __init__(self, config):
        super().__init__()
        self.layer = torch.nn.Linear(config.z_dim + config.num_classes, 3 * 4 * 4)
        self.register_buffer("running_means", torch.zeros(3))

    def forward(self, latents, one_hot, truncation):
        return torch.tanh(self.layer(torch.cat([latents, one_hot], 1))).view(-1, 3, 4, 4)


class StandInConfig:
    z_dim, num_classes = 8, 10

    @classmethod
    def from_json_file(cls, path):
        json.loads(Path(path).read_text())
        return cls()


@pytest.fixture
def biggan(tmp_path, monkeypatch) -> BigGANSet:
    """A folder with a stand-in's weights, and the package that loads them."""
    package = SimpleNamespace(BigGAN=StandIn, BigGANConfig=StandInConfig)
    monkeypatch.setitem(sys.modules, "pytorch_pretrained_biggan", package)
    (tmp_path / "config.json").write_text("{}")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_file(StandIn(StandInConfig).state_dict(), tmp_path / "model.safetensors")
    return BigGANSet(source="biggan", model=tmp_path)


def test_biggan_weights_load_from_either_kind_of_file(biggan, tmp_path):
    images = load_pretrained(biggan, CPU).sample(LABELS, SEEDS)
    tensors = tmp_path / "model.safetensors"
    torch.save(load_file(tensors), tmp_path / "pytorch_model.bin")
    tensors.unlink()
    np.testing.assert_array_equal(load_pretrained(biggan, CPU).sample(LABELS, SEEDS), images)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"running_means": None}, r"Missing key.*running_means"),
        (
            {"layer.weight": None, "module.layer.weight": torch.zeros(2)},
            r"Missing .*layer.weight.* Unexpected .*module",
        ),
        ({"extra": torch.zeros(2)}, r"Unexpected key.*extra"),
        ({"layer.bias": torch.zeros(2)}, r"size mismatch for layer\.bias"),
    ],
)
def test_weights_of_another_biggan_are_refused(biggan, tmp_path, changes, message):
    path = tmp_path / "model.safetensors"
    changed = load_file(path) | changes
    save_file({name: value for name, value in changed.items() if value is not None}, path)
    with pytest.raises(StudyError, match=rf"^{path} .*{message}.*download both again$"):
        load_pretrained(biggan, CPU)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", lambda whole: whole[:-8], "is broken or was cut short; .*download it again"),
        (
            "pytorch_model.bin",
            lambda whole: b"<html>404",
            "holds no weights that torch or safetensors has saved; is it",
        ),
        (
            "pytorch_model.bin",
            lambda whole: whole[: len(whole) // 2],
            "is broken or was cut short; .*download it again",
        ),
        ("pytorch_model.bin", lambda whole: b"", "holds no weights"),
        ("config.json", lambda whole: b"{", "describes no BigGAN.*download it again"),
    ],
    ids=["cut safetensors", "html", "cut bin", "empty bin", "broken config"],
)
def test_a_broken_file_of_a_biggan_is_one_line(biggan, tmp_path, name, content, message):
    path = tmp_path / name
    if name.endswith(".bin"):
        torch.save(load_file(tmp_path / "model.safetensors"), path)
        (tmp_path / "model.safetensors").unlink()
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(StudyError, match=rf"^{path} {message}") as raised:
        load_pretrained(biggan, CPU)
    assert "\n" not in str(raised.value)
