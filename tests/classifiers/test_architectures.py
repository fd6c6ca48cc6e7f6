import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from tests.classifiers.networks import SMALL, parameter_count, small
from tests.studies import small_study
from understudy.classifiers import families
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.families import FAMILIES, Arguments, Family
from understudy.classifiers.labelled import LabelledImages
from understudy.classifiers.layers import Shape, StackedLinear
from understudy.classifiers.networks import build_network, image_statistics
from understudy.classifiers.published import PUBLISHED
from understudy.classifiers.recipes import Recipe
from understudy.classifiers.stack_training import Run
from understudy.classifiers.training import TrainingOptions, train_runs
from understudy.code_cache import CodeCache
from understudy.config import load_study
from understudy.costs import networks
from understudy.costs.requests import Requests
from understudy.costs.work import Work
from understudy.errors import StudyError
from understudy.plan import Plan
from understudy.settings import OldName

CIFAR = Shape(3, 32, 10)

# Millions, as published with the architectures; PyramidNet with alpha 270 has a test of its own.
PUBLISHED_MILLIONS = {
    "resnet_32": ("0.46", 0.01),
    "resnet_44": ("0.66", 0.01),
    "resnet_56": ("0.85", 0.01),
    "resnet_110": ("1.73", 0.01),
    "resnet_preact_164": ("1.70", 0.01),
    "wrn_28_10": ("36.5", 0.1),
    "densenet_bc_100_12": ("0.77", 0.01),
    "pyramidnet_110_84": ("3.8", 0.1),
    "resnext_29_8x64d": ("34.4", 0.1),
    "shake_shake_26_2x32d": ("2.9", 0.1),
    "shake_shake_26_2x64d": ("11.7", 0.1),
}


def published_network(name):
    # Shapes are all that counts: nothing is allocated on the meta device.
    with torch.device("meta"):
        return build_network(ArchitectureSettings(model=name), CIFAR, 0, (torch.zeros(3), torch.ones(3)))


def test_parameter_counts_are_the_published_ones():
    for name, (published, unit) in PUBLISHED_MILLIONS.items():
        assert abs(parameter_count(published_network(name)) / 1e6 - float(published)) <= unit, name


def test_pyramidnet_with_alpha_270_counts_what_its_equations_give():
    """The paper says 28.3 M, which no reading of its equations gives; public implementations count 28,485,477 too.

    Equation 3 with alpha / N = 270 / 54 = 5 leaves nothing to round: 54 blocks of two 3x3 convolutions, widths 16,
    21, ..., 286. Convolutions alone are 28.43 M, and widths that begin to grow one block later make 27.03 M.
    """

    def convolutions(widths):
        return sum(9 * a * b + 9 * b * b for a, b in itertools.pairwise(widths))

    widths = [16 + 5 * k for k in range(55)]
    stem, head = 9 * 3 * 16 + 2 * 16, 2 * 286 + 286 * 10 + 10
    normalisations = sum(2 * a + 2 * b + 2 * b for a, b in itertools.pairwise(widths))
    network = published_network("pyramidnet_110_270")
    assert parameter_count(network) == stem + convolutions(widths) + normalisations + head == 28_485_477
    assert convolutions(widths) + 9 * 3 * 16 == 28_432_809
    later = [16, *widths[:-1]]
    assert convolutions(later) < 27.03e6


@pytest.mark.parametrize("model", SMALL)
def test_every_family_takes_any_channels_size_and_classes(model):
    for shape in (Shape(1, 8, 10), Shape(3, 16, 7), Shape(2, 13, 4)):
        network = build_network(small(model), shape, 3)
        images = torch.randint(0, 256, (6, shape.channels, shape.size, shape.size), dtype=torch.uint8)
        logits = network.train()(images, torch.rand(6, network.noise_size))
        assert logits.shape == (6, shape.classes)
        logits.logsumexp(1).sum().backward()
        without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert without == []
        assert network.eval()(images).shape == (6, shape.classes)
    with pytest.raises(StudyError, match=r"3x3 pixels are too small.*at least 4x4"):
        build_network(small(model), Shape(1, 3, 10), 0)


@pytest.mark.parametrize("model", SMALL)
def test_weights_are_a_function_of_the_seed_alone(model):
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = build_network(small(model), Shape(1, 8, 10), 5)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    second = build_network(small(model), Shape(1, 8, 10), 5)
    other = build_network(small(model), Shape(1, 8, 10), 6)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


class ToyArguments(Arguments):
    """A family that exists in this test alone."""

    depth: int = 1


class ToyNetwork(torch.nn.Module):
    def __init__(self, arguments, shape):
        super().__init__()
        self.linear = StackedLinear(shape.channels * shape.size**2, shape.classes)

    def forward(self, images):
        return self.linear(images.flatten(-3))


@pytest.fixture
def toy_family(tmp_path, monkeypatch):
    """One more family in the registry: its arguments and its network; sizes are kept in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(networks, "SIZES", CodeCache("understudy_sizes.json"))
    monkeypatch.setitem(families.FAMILIES, "toy", Family(ToyArguments, lambda: ToyNetwork))


def test_a_new_family_is_planned_costed_and_trained_from_its_entry_alone(toy_family, tmp_path):
    candidates = small_study()["candidates"] | {
        "standard": {"toy": {"model": "toy", "recipe": {"epochs": 2}}},
        "rwnn": None,
    }
    plan = Plan(load_study(small_study(candidates=candidates)))
    settings = ArchitectureSettings.model_validate(plan.architectures["toy"])
    assert settings.arguments == {"depth": 1}
    network = build_network(settings, Shape(1, 8, 10), 0)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    (batch,) = plan.batches
    wildcards = {"draw": 0, "split": "Train200", "regime": "full", "batch": batch}
    assert Requests(plan).megabytes("train_candidates", wildcards) == 4000
    trainings = [job for job in Work(plan).jobs() if job.rule == "train_candidates"]
    assert trainings and all(job.operations > 0 for job in trainings)
    images = torch.randint(0, 256, (20, 1, 8, 8), dtype=torch.uint8).numpy()
    runs = [Run(f"toy-s{seed}", "standard", "toy", settings, seed, seed) for seed in (0, 1)]
    data = LabelledImages(images, np.arange(20) % 10, 10)
    options = TrainingOptions(1, 2, tmp_path / "part", torch.device("cpu"))
    assert set(train_runs(runs, data, tmp_path / "out", options)["status"]) == {"trained"}


def test_wrong_settings_say_what_is_allowed():
    for settings, message in (
        ({"model": "resnt"}, r"'resnt'.*resnet"),
        ({"model": "resnet", "arguments": {"depth": 9}}, r"depth 9: the basic form has 6n\+2 layers"),
        ({"model": "resnet", "arguments": {}}, r"(?s)ResNetArguments.depth.*required"),
        ({"model": "wrn", "arguments": {"depth": 16, "widen_factor": 2, "wide": 1}}, r"(?s)WideResNet.*\nwide\n"),
        ({"model": "shake_shake", "arguments": {"depth": 8, "width": 3}}, "even number"),
        ({"model": "resnet_32", "recipe": {"epoch": 3}}, r"(?s)Recipe\nepoch\n"),
        ({"model": "resnet_32", "recipe": {"epochs": 0}}, r"(?s)epochs.*greater"),
        ({"model": "rwnn", "arguments": {"nodes": 3, "graphs": [[[2, 1]]]}}, "source < target < 3"),
    ):
        with pytest.raises(ValidationError, match=message):
            ArchitectureSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"model": "wrn", "arguments": {"depth": 10, "widen": 2}}, {"arguments": {"depth": 10, "widen_factor": 2}}),
        (
            {"model": "densenet", "arguments": {"depth": 10, "growth": 4}},
            {"arguments": {"depth": 10, "growth_rate": 4}},
        ),
        ({"model": "resnet_32", "recipe": {"least_epochs": 4}}, {"recipe": {"min_epochs": 4}}),
    ],
)
def test_an_old_name_of_a_key_is_read_as_the_new_one(old, new):
    with pytest.warns(OldName):
        read = ArchitectureSettings.model_validate(old).resolved({})
    assert read == ArchitectureSettings.model_validate(old | new).resolved({})


def test_resolved_settings_hold_published_values_under_the_studys_under_the_entrys_own():
    resolved = ArchitectureSettings(model="wrn_28_10", recipe={"epochs": 7}).resolved({"epochs": 9, "flip": False})
    recipe = Recipe.model_validate(resolved["recipe"])
    assert (recipe.epochs, recipe.flip, recipe.weight_decay) == (7, False, 5e-4)
    assert resolved["arguments"] == {"depth": 28, "widen_factor": 10, "width": 16}
    # What is resolved stays as it is.
    assert ArchitectureSettings.model_validate(resolved).resolved({}) == resolved


def test_published_names_take_other_arguments():
    smaller = ArchitectureSettings(model="wrn_28_10", arguments={"widen_factor": 2})
    assert (smaller.full_arguments.depth, smaller.full_arguments.widen_factor) == (28, 2)


def test_there_are_seventeen_and_each_can_be_built():
    assert len(PUBLISHED) == 17
    assert {published.family for published in PUBLISHED.values()} == set(FAMILIES) - {"rwnn"}


def test_a_configuration_is_checked_without_torch():
    code = (
        "import sys; from understudy.classifiers.architectures import ArchitectureSettings as A; "
        "from understudy.classifiers import graphs; A(model='resnet_32'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_of_timm_is_built_by_name():
    settings = ArchitectureSettings(model="timm:resnet10t", arguments={"stem_width": 8})
    network = build_network(settings, Shape(3, 32, 5), 0)
    assert network(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 5)


def linear_model(channels, size, classes, bias=True):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(channels * size * size, classes, bias=bias))


def test_a_model_of_the_users_own_is_built_by_its_function():
    settings = ArchitectureSettings(model=f"{__name__}:linear_model", arguments={"bias": False})
    network = build_network(settings, Shape(1, 4, 3), 0)
    assert parameter_count(network) == 48


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        ("timm:no_such_network", {}, "no_such_network"),
        ("no_such_module:make", {}, "No module named"),
        (f"{__name__}:no_function", {}, "no_function"),
        (f"{__name__}:linear_model", {"colour": 1}, "colour"),
    ],
)
def test_a_foreign_model_that_cannot_be_made_is_one_line(model, arguments, message):
    with pytest.raises(StudyError, match=message) as caught:
        build_network(ArchitectureSettings(model=model, arguments=arguments), Shape(1, 8, 10), 0)
    assert "\n" not in str(caught.value)


def test_statistics_are_those_of_the_pixels():
    images = torch.randint(3, 200, (9, 2, 5, 5), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images[:, 1] = 7
    mean, deviation = image_statistics(images)
    torch.testing.assert_close(mean, images.double().mean((0, 2, 3)).float())
    # A channel that never varies is divided by one.
    expected = torch.tensor([images[:, 0].double().std(correction=0).item(), 1.0])
    torch.testing.assert_close(deviation, expected)


def test_a_network_normalises_by_the_statistics_it_was_given():
    settings = ArchitectureSettings(model=f"{__name__}:linear_model")
    network = build_network(settings, Shape(2, 3, 4), 0, (torch.tensor([5.0, 9.0]), torch.tensor([2.0, 4.0])))
    images = torch.randint(0, 256, (6, 2, 3, 3), dtype=torch.uint8)
    normalised = torch.stack([(images[:, 0] - 5.0) / 2, (images[:, 1] - 9.0) / 4], 1)
    torch.testing.assert_close(network(images), network.body(normalised))
