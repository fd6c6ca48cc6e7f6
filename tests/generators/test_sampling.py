import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from understudy.data.shards import read_images, read_labels
from understudy.errors import StudyError
from understudy.generators.sampling import load_generator, sample_shards

pytestmark = pytest.mark.slow(minutes=0.3)  # trainings

CASES = [("stylegan2", False), ("stylegan2", True), ("wgan_gp", False), ("wgan_gp", True)]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{'per_class' if case[1] else 'conditional'}")
def generator(request, trained):
    return load_generator(trained(*request.param)[-1])


def test_an_image_depends_on_its_label_and_seed_alone(generator):
    labels, seeds = np.arange(70) % 3, np.arange(70) * 7
    together = generator.sample(labels, seeds)
    assert together.shape == (70, 1, 8, 8) and together.dtype == np.uint8
    # Alone, in parts, and in another order.
    for k in (0, 31, 69):
        np.testing.assert_array_equal(generator.sample(labels[k : k + 1], seeds[k : k + 1])[0], together[k])
    order = np.random.default_rng(0).permutation(70)
    np.testing.assert_array_equal(generator.sample(labels[order], seeds[order]), together[order])
    # Labels and seeds do matter.
    assert (generator.sample((labels + 1) % 3, seeds) != together).any(axis=(1, 2, 3)).all()
    assert (generator.sample(labels, seeds + 1) != together).any(axis=(1, 2, 3)).all()


def test_shards_hold_what_sampling_gives_whatever_their_size(generator, tmp_path):
    sample_shards(generator, 10, 30, 9, tmp_path / "few", "trial")
    sample_shards(generator, 10, 7, 9, tmp_path / "many", "trial")
    assert [path.name for path in sorted((tmp_path / "few").glob("*.parquet"))] == ["shard-00000.parquet"]
    one, other = read_images(tmp_path / "few"), read_images(tmp_path / "many")
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.images, generator.sample(one.labels, one.columns["seed"].to_numpy()))
    assert (one.columns["generator"] == "trial").all()
    assert np.bincount(one.labels).tolist() == [10, 10, 10]
    many = sorted((tmp_path / "many").glob("*.parquet"))
    for path in many:
        counts = np.bincount(read_images(path).labels, minlength=3)
        assert counts.max() - counts.min() <= 1
    manifest = json.loads((tmp_path / "many/manifest.json").read_text())
    assert [(shard["file"], shard["images"]) for shard in manifest["shards"]] == list(
        zip([path.name for path in many], [7, 7, 7, 7, 2], strict=True)
    )
    assert (manifest["generator"], manifest["images_seen"], manifest["classes"]) == ("trial", 192, 3)


def test_a_set_with_a_shard_cut_or_missing_is_not_read(trained, tmp_path):
    sample_shards(load_generator(trained("wgan_gp")[-1]), 10, 7, 9, tmp_path, "trial")
    shard = tmp_path / "shard-00001.parquet"
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
def test_unknown_labels_and_missing_seeds(trained, labels, seeds, message):
    with pytest.raises(StudyError, match=message):
        load_generator(trained("wgan_gp")[-1]).sample(labels, seeds)


def test_a_file_that_is_no_snapshot(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    with pytest.raises(StudyError, match=r"foreign\.safetensors holds no model of format .*, but None"):
        load_generator(tmp_path / "foreign.safetensors")
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(StudyError, match=r"no\.safetensors is not a readable safetensors file"):
        load_generator(tmp_path / "no.safetensors")
