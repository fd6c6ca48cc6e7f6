from collections import defaultdict

import pytest

from tests.studies import small_study
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network
from understudy.classifiers.published import PUBLISHED
from understudy.classifiers.weights import to_half, write_weights
from understudy.config import load_study
from understudy.costs.networks import network_sizes, record_bytes
from understudy.costs.work import Job, Work
from understudy.plan import Plan


def work_of(study: dict) -> dict[str, list[Job]]:
    jobs = defaultdict(list)
    for job in Work(Plan(load_study(study))).jobs():
        jobs[job.rule].append(job)
    return jobs


def paper_study(*names: str) -> dict:
    """Two of the paper's architectures on images of CIFAR-10's shape and number."""
    candidates = {"seeds": 10, "seed_block": 5, "snapshots": 20, "standard": {name: {"model": name} for name in names}}
    return small_study(
        device="cuda",
        data={"source": "torchvision:CIFAR10", "root": "not/here", "size": 32, "channels": 3},
        splits={"Train50K": {"train": 50_000, "validation": 10_000}},
        generators={"any": {"method": "stylegan2", "preset": "cifar"}},
        synthetic={"images_per_class": 10_000},
        candidates=candidates,
    )


def test_training_counts_the_published_operations():
    """ResNet-32: 69.1 million products, each with a sum, an image and forward pass; three passes to train."""
    jobs = work_of(paper_study("resnet_32"))["train_candidates"]
    full = [job for job in jobs if "/full/" in job.path]
    assert len(full) == 2  # two blocks of five seeds
    epochs = PUBLISHED["resnet_32"].recipe.epochs
    assert full[0].operations == pytest.approx(3 * 2 * 69.1e6 * 5 * epochs * 50_000, rel=0.01)
    # 466,906 parameters in two bytes; statistics of normalisation and the tensors' names add a little.
    assert full[0].disk == pytest.approx(2 * 466_906 * 5 * 20, rel=0.05)


def test_a_generators_snapshots_are_its_parameters_in_four_bytes():
    (job,) = work_of(paper_study("resnet_32"))["train_generator"]
    # 20,215,315 parameters, as published for this setting; 50 snapshots.
    assert job.disk == pytest.approx(4 * 20_215_315 * 50, rel=1e-3)


@pytest.mark.parametrize("width", [2, 64])
def test_the_file_of_a_run_is_as_large_as_estimated(tmp_path, width):
    """Of a tiny network names and shapes take more of the file than weights do."""
    entry = ArchitectureSettings(model="resnet", arguments={"depth": 14, "width": width})
    network = build_network(entry, Shape(1, 8, 10), 0)
    snapshots = {}
    for epoch in (10, 20, 30):
        weights = {name: value.clone() for name, value in network.state_dict().items()}
        snapshots[epoch] = to_half(weights, {name for name, _ in network.named_parameters()})
    path = tmp_path / "run.safetensors"
    write_weights(path, snapshots, {"settings": entry.model_dump(mode="json")})
    (size,) = network_sizes(entry, 1, 8, 10)
    assert 3 * (size.data + size.head) + record_bytes(entry) == pytest.approx(path.stat().st_size, rel=0.05)


def test_twice_the_seeds_are_twice_the_work():
    study = small_study()
    once = sum(job.operations for job in work_of(study)["train_candidates"])
    study["candidates"]["seeds"] *= 2
    assert sum(job.operations for job in work_of(study)["train_candidates"]) == pytest.approx(2 * once)


@pytest.mark.parametrize(
    ("name", "width", "milliseconds"),
    [
        ("resnet_20", 1, 6.7),
        ("resnet_20", 4, 11.7),
        ("resnet_20", 10, 14.2),
        ("resnet_56", 1, 20.6),
        ("resnet_56", 10, 41.6),
        ("wrn_28_10", 1, 15.4),
        ("densenet_bc_100_12", 1, 40.0),
        ("densenet_bc_100_12", 10, 127),
        ("shake_shake_26_2x32d", 1, 30.8),
        ("shake_shake_26_2x32d", 10, 77),
    ],
)
def test_steps_on_a_gpu_take_about_as_long_as_measured(name, width, milliseconds):
    """On an NVIDIA H200: the engine's steps, of as many runs stacked."""
    study = paper_study(name)
    entry = {"model": name} if name in PUBLISHED else {"model": "resnet", "arguments": {"depth": 20}}
    study["candidates"] |= {"seeds": width, "seed_block": width, "standard": {name: entry}}
    (job,) = (job for job in work_of(study)["train_candidates"] if "/full/" in job.path)
    recipe = ArchitectureSettings.model_validate(entry).full_recipe
    steps = recipe.epochs_for(50_000) * recipe.steps_per_epoch(50_000)
    assert job.seconds("gpu") / steps * 1000 == pytest.approx(milliseconds, rel=0.4)


def test_a_stylegan2_on_a_gpu_takes_about_as_long_as_measured():
    """On an NVIDIA H200: 1,401 images a second, penalties included."""
    (job,) = work_of(paper_study("resnet_32"))["train_generator"]
    assert 100e6 / job.seconds("gpu") == pytest.approx(1401, rel=0.1)


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ({"source": "sklearn-digits"}, (1, 8)),
        ({"source": "sklearn-digits", "size": 16}, (1, 16)),
        ({"source": "sklearn-digits", "size": 32, "channels": 3}, (3, 32)),
        ({"source": "torchvision:MNIST", "root": "not/here", "size": 32}, (1, 32)),
        ({"source": "torchvision:CIFAR10", "root": "not/here", "size": 8}, (3, 8)),
    ],
)
def test_the_source_says_how_many_channels_images_have(data, shape):
    assert Work(Plan(load_study(small_study(data=data)))).shape == shape
