import json

import numpy as np
import pytest
import torch

from tests.generators.small import made_up_images, small_settings
from understudy.data.shards import read_images, read_labels
from understudy.errors import StudyError
from understudy.generators.sampling import load_generator, sample_shards
from understudy.generators.training import train_generator

CASES = [("stylegan2", False), ("stylegan2", True), ("wgan_gp", False), ("wgan_gp", True)]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{'per_class' if case[1] else 'conditional'}")
def generator(request, tmp_path_factory):
    method, per_class = request.param
    folder = tmp_path_factory.mktemp("generator")
    settings = small_settings(method, per_class=per_class, kimg=0.32)
    images, labels = made_up_images()
    snapshots = train_generator(images, labels, 3, settings, 1, folder, folder / "checkpoints", torch.device("cpu"))
    return load_generator(snapshots[-1])


def test_an_image_depends_on_its_label_and_seed_alone(generator):
    labels, seeds = np.arange(130) % 3, np.arange(130) * 7
    together = generator.sample(labels, seeds)
    assert together.shape == (130, 1, 8, 8) and together.dtype == np.uint8
    # Alone, in parts, in another order, and with another batch size.
    for k in (0, 1, 77, 129):
        np.testing.assert_array_equal(generator.sample(labels[k : k + 1], seeds[k : k + 1])[0], together[k])
    order = np.random.default_rng(0).permutation(130)
    np.testing.assert_array_equal(generator.sample(labels[order], seeds[order]), together[order])
    np.testing.assert_array_equal(generator.sample(labels, seeds, batch_size=7), together)
    # Labels and seeds do matter.
    assert (generator.sample((labels + 1) % 3, seeds) != together).any(axis=(1, 2, 3)).all()
    assert (generator.sample(labels, seeds + 1) != together).any(axis=(1, 2, 3)).all()


def test_shards_hold_what_sampling_gives_whatever_their_size(generator, tmp_path):
    few = sample_shards(generator, 10, 30, 9, tmp_path / "few", "trial")
    many = sample_shards(generator, 10, 7, 9, tmp_path / "many", "trial")
    assert (len(few), len(many)) == (1, 5)
    one, other = read_images(tmp_path / "few"), read_images(tmp_path / "many")
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.images, generator.sample(one.labels, one.columns["seed"].to_numpy()))
    assert (one.columns["generator"] == "trial").all()
    assert np.bincount(one.labels).tolist() == [10, 10, 10]
    for path in many:
        counts = np.bincount(read_images(path).labels, minlength=3)
        assert counts.max() - counts.min() <= 1
    manifest = json.loads((tmp_path / "many/manifest.json").read_text())
    assert [shard["images"] for shard in manifest["shards"]] == [7, 7, 7, 7, 2]


def test_a_set_with_a_shard_cut_or_missing_is_not_read(generator, tmp_path):
    shard = sample_shards(generator, 10, 7, 9, tmp_path, "trial")[1]
    advice = f"delete the folder {tmp_path} and run again"
    shard.write_bytes(shard.read_bytes()[:-30])
    for read in (read_images, read_labels):
        with pytest.raises(StudyError, match=f"{shard.name} is not a readable parquet file .*; {advice}"):
            read(tmp_path)
    shard.unlink()
    for read in (read_images, read_labels):
        with pytest.raises(StudyError, match=f"{shard.name} is missing; {advice}"):
            read(tmp_path)


@pytest.mark.parametrize(
    ("labels", "seeds", "message"),
    [([0, 3], [1, 2], "labels 0 to 3; allowed are 0 to 2"), ([0, 1], [1], "one of each per image")],
)
def test_unknown_labels_and_missing_seeds(generator, labels, seeds, message):
    with pytest.raises(StudyError, match=message):
        generator.sample(labels, seeds)


def test_a_file_that_is_no_snapshot(tmp_path):
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(StudyError, match=r"no\.safetensors is not a readable safetensors file"):
        load_generator(tmp_path / "no.safetensors")
