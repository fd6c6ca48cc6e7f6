from collections import defaultdict

import pytest

from tests.studies import small_study
from understudy.classifiers.architectures import PUBLISHED, ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network
from understudy.classifiers.weights import to_half, write_weights
from understudy.config import load_study
from understudy.costs.networks import classifier_size, record_bytes
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
    full = [job for job in jobs if "/full/" in job.place]
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
    size = classifier_size(entry.model_dump_json(), 1, 8, 10)
    assert 3 * (size.data + size.head) + record_bytes(entry) == pytest.approx(path.stat().st_size, rel=0.05)


def test_twice_the_seeds_are_twice_the_work():
    study = small_study()
    once = sum(job.operations for job in work_of(study)["train_candidates"])
    study["candidates"]["seeds"] *= 2
    assert sum(job.operations for job in work_of(study)["train_candidates"]) == pytest.approx(2 * once)
