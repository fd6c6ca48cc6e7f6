import subprocess
import sys
from pathlib import Path

import pytest

from tests.studies import small_study
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.bounds import NetworkSize
from understudy.classifiers.published import PUBLISHED
from understudy.config import load_study, read_study
from understudy.costs.bounds import generator_bounds
from understudy.costs.networks import COUNTED
from understudy.costs.published import PRESETS, published_classifier, published_generators
from understudy.costs.requests import Requests, classifier_bound
from understudy.costs.work import Work
from understudy.generators.configuration import GeneratorSettings
from understudy.plan import Plan

ROOT = Path(__file__).parents[2]


def paper_plan() -> Plan:
    return Plan(read_study(ROOT / "studies" / "cifar10.yaml"))


def counts(size: NetworkSize) -> tuple:
    return (size.layers, size.operations, size.elements, size.parameters)


@pytest.mark.parametrize(
    ("name", "megabytes", "hours"),
    [
        ("stylegan2_cond", 1930, 100_000 / 1.401 / 3600),
        ("stylegan2_per_class", 8114, None),
        ("wgan_gp_per_class", 2763, None),
    ],
)
def test_a_generators_training_asks_for_what_was_measured_on_a_gpu(name, megabytes, hours):
    """On an NVIDIA H200, its checkpoint included; Snakemake itself takes 260 MB more."""
    training = ("train_generator", {"draw": "0", "split": "Train50K", "generator": name})
    requests = Requests(paper_plan())
    assert megabytes + 260 < requests.megabytes(*training) < 1.5 * max(megabytes, 4000)
    assert hours is None or 1.2 * hours < requests.minutes(*training) / 60 < 2 * hours


def test_candidates_ask_for_what_was_measured_on_a_gpu():
    place = {"draw": "0", "split": "Train50K", "regime": "full", "batch": "wrn_28_10-block0"}
    assert 5645 + 260 < Requests(paper_plan()).megabytes("train_candidates", place) < 1.5 * 5645


def test_a_small_study_asks_for_the_least_and_is_planned_without_torch():
    code = """
import sys
from understudy.config import read_study
from understudy.costs.requests import Requests, classifier_bound
from understudy.plan import Plan
for file in sys.argv[1:]:
    plan = Plan(read_study(file))
    requests = Requests(plan)
    trainings = [("train_candidates", dict(zip(("draw", "split", "regime", "batch"), place)))
                 for place in plan.trained_batches()]
    trainings += [("train_generator", {"draw": 0, "split": split, "generator": name})
                  for split in plan.splits for name in plan.study.generator_names(split)]
    asked = {(requests.megabytes(*one), requests.minutes(*one)) for one in trainings}
    print(asked == {(4000, 1440)}, "torch" in sys.modules)
"""
    files = [str(ROOT / name) for name in ("config.yaml", "studies/cifar10.yaml")]
    result = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True)
    assert result.stdout.splitlines() == ["True False", "False False"], result.stderr


def test_a_large_network_of_ones_own_asks_by_its_counted_size_and_a_foreign_one_for_the_least():
    standard = {
        "wide": {"model": "wrn", "arguments": {"depth": 28, "widen_factor": 10}},
        "vit": {"model": "timm:vit_huge"},
    }
    candidates = small_study()["candidates"] | {"standard": standard, "seed_block": 10}
    requests = Requests(Plan(load_study(small_study(device="cuda", candidates=candidates))))
    place = {"draw": "0", "split": "Train200", "regime": "full"}
    wide = requests.megabytes("train_candidates", place | {"batch": "wide-block0"})
    # Ten runs' weights and momenta, 36.5 million numbers each, are 2.9 GB.
    assert 4000 < wide == pytest.approx(2300 + 1.6 * 2900, rel=0.05)
    assert requests.megabytes("train_candidates", place | {"batch": "vit-block0"}) == 4000


def test_published_sizes_are_those_of_the_networks():
    for name in PUBLISHED:
        entry = ArchitectureSettings(model=name)
        assert counts(published_classifier(entry, 3, 32, 10)) == pytest.approx(
            counts(COUNTED.classifier(entry, 3, 32, 10)), abs=0.1
        )
    for settings in PRESETS.values():
        for classes in (1, 10):
            for known, counted in zip(
                published_generators(settings, 3, 32, classes),
                COUNTED.generators(settings, 3, 32, classes),
                strict=True,
            ):
                assert counts(known) == pytest.approx(counts(counted), abs=0.1)
    assert published_classifier(ArchitectureSettings(model="resnet_32"), 1, 28, 10) is None
    assert published_generators(GeneratorSettings(method="stylegan2").resolve(), 3, 32, 10) is None


def test_bounds_are_no_less_than_the_sizes():
    plan = Plan(read_study(ROOT / "config.yaml"))
    shape = (1, 8, 10)
    entries = [entry for batch in plan.batches for entry, _ in Work(plan)._networks(batch)]
    bottleneck = {"depth": 29, "width": 8, "block": "bottleneck"}
    entries += [ArchitectureSettings(model=name, arguments=bottleneck) for name in ("resnet", "resnet_preact")]
    pairs = [(classifier_bound(entry, *shape), COUNTED.classifier(entry, *shape)) for entry in entries]
    published = [ArchitectureSettings(model=name) for name in PUBLISHED]
    pairs += [(classifier_bound(entry, 3, 32, 10), COUNTED.classifier(entry, 3, 32, 10)) for entry in published]
    for method in ("stylegan2", "wgan_gp"):
        for preset, shape in (("digits", (1, 8, 10)), ("cifar", (3, 32, 10)), ("cifar", (3, 64, 100))):
            settings = GeneratorSettings(method=method, preset=preset).resolve()
            pairs += zip(generator_bounds(settings, *shape), COUNTED.generators(settings, *shape), strict=True)
    for bound, size in pairs:
        assert all(high >= low for high, low in zip(counts(bound), counts(size), strict=True)), (bound, size)
