import itertools
import subprocess
import sys

import pytest
import torch
from pydantic import ValidationError

from tests.classifiers.networks import SMALL, parameter_count, small
from understudy.classifiers.architectures import BUILDERS, PUBLISHED, ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network, image_statistics
from understudy.errors import StudyError

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


@pytest.mark.parametrize("name", PUBLISHED_MILLIONS)
def test_parameter_counts_are_the_published_ones(name):
    published, unit = PUBLISHED_MILLIONS[name]
    # Shapes are all that counts: nothing is allocated on the meta device.
    with torch.device("meta"):
        settings = ArchitectureSettings(model=name)
        network = build_network(settings, CIFAR, 0, (torch.zeros(3), torch.ones(3)))
    assert abs(parameter_count(network) / 1e6 - float(published)) <= unit


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
    with torch.device("meta"):
        network = build_network(
            ArchitectureSettings(model="pyramidnet_110_270"), CIFAR, 0, (torch.zeros(3), torch.ones(3))
        )
    assert parameter_count(network) == stem + convolutions(widths) + normalisations + head == 28_485_477
    assert convolutions(widths) + 9 * 3 * 16 == 28_432_809
    later = [16, *widths[:-1]]
    assert convolutions(later) < 27.03e6


@pytest.mark.parametrize("model", SMALL)
@pytest.mark.parametrize("shape", [Shape(1, 8, 10), Shape(3, 32, 7), Shape(2, 13, 4)], ids=str)
def test_every_family_takes_any_channels_size_and_classes(model, shape):
    network = build_network(small(model), shape, 3)
    images = torch.randint(0, 256, (6, shape.channels, shape.size, shape.size), dtype=torch.uint8)
    logits = network.train()(images, torch.rand(6, network.noise_size))
    assert logits.shape == (6, shape.classes)
    logits.logsumexp(1).sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []
    assert network.eval()(images).shape == (6, shape.classes)


@pytest.mark.parametrize("model", SMALL)
def test_images_too_small_for_the_strides_are_refused(model):
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


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "resnt"}, "model: unknown 'resnt'; allowed: .*timm:NAME, module:function; did you mean resnet"),
        ({"model": "resnet", "arguments": {"depth": 9}}, r"depth 9: the basic form has 6n\+2 layers"),
        ({"model": "resnet", "arguments": {}}, r"arguments: .*\ndepth\n"),
        ({"model": "wrn", "arguments": {"depth": 16, "widen": 2, "wide": 1}}, r"arguments: .*\nwide\n"),
        ({"model": "shake_shake", "arguments": {"depth": 8, "width": 3}}, "even number"),
        ({"model": "resnet_32", "recipe": {"epoch": 3}}, r"recipe: .*\nepoch\n"),
        ({"model": "resnet_32", "recipe": {"epochs": 0}}, r"recipe: .*\nepochs\n"),
        ({"model": "rwnn", "arguments": {"nodes": 3, "graphs": [[[2, 1]]]}}, "source < target < 3"),
    ],
)
def test_wrong_settings_say_what_is_allowed(settings, message):
    with pytest.raises(ValidationError, match=message):
        ArchitectureSettings.model_validate(settings)


def test_an_entry_wins_over_the_study_and_the_study_over_the_publication():
    settings = ArchitectureSettings(model="wrn_28_10", recipe={"epochs": 7}).with_recipe({"epochs": 9, "flip": False})
    recipe = settings.full_recipe
    assert (recipe.epochs, recipe.flip, recipe.weight_decay) == (7, False, 5e-4)


def test_published_names_take_other_arguments():
    smaller = ArchitectureSettings(model="wrn_28_10", arguments={"widen": 2})
    assert smaller.builder_arguments.depth == 28
    assert smaller.builder_arguments.widen == 2


def test_there_are_seventeen_and_each_can_be_built():
    assert len(PUBLISHED) == 17
    assert {published.model for published in PUBLISHED.values()} == set(BUILDERS) - {"rwnn"}


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
