"""Sampling from pretrained generators: the real code on tiny pipelines with random weights."""

import numpy as np
import pytest
import torch

from tests.zoo.tiny import save_biggan, save_dit
from understudy.data.shards import read_images
from understudy.errors import StudyError
from understudy.generators.pretrained import load_pretrained
from understudy.generators.pretrained_settings import BigGANSet, DiTSet
from understudy.jobs.zoo import generate_shard

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
        generate_shard(settings, "a", number, 3, path, study_seed=0, device="cpu")
        return read_images(path)

    whole, second = shard(0, 6), shard(1, 4)
    assert whole.images.shape == (6, 3, 6, 6)
    assert whole.labels.tolist() == [0, 1, 2, 0, 1, 2] and second.labels.tolist() == [1, 2]
    assert whole.columns["seed"].nunique() == 6
    assert second.columns["seed"].tolist() == whole.columns["seed"].tolist()[4:]


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
