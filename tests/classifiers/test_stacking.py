import pytest
import torch
from torch import nn

from tests.classifiers.networks import SMALL, plain_steps, small
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import Classifier, build_network
from understudy.classifiers.stacking import StackedRuns

pytestmark = pytest.mark.slow(minutes=0.2)  # trainings, one by one and stacked

SHAPE = Shape(1, 8, 10)
STATISTICS = (torch.tensor([70.0]), torch.tensor([90.0]))
CPU = torch.device("cpu")


def networks(settings, seeds, dtype=torch.float32):
    return [build_network(settings, SHAPE, seed, STATISTICS).to(dtype) for seed in seeds]


def batches(count, width, noise_size, dtype=torch.float32, seed=0, size=16):
    generator = torch.Generator().manual_seed(seed)
    return [
        (
            torch.randint(0, 256, (width, size, 1, 8, 8), generator=generator).to(dtype),
            torch.randint(0, 10, (width, size), generator=generator),
            torch.rand(width, size, noise_size, generator=generator).to(dtype),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("model", SMALL)
@pytest.mark.parametrize(
    ("dtype", "steps", "tolerance", "width"),
    [(torch.float64, 10, 1e-8, 3), (torch.float32, 1, 1e-5, 3), (torch.float64, 4, 1e-8, 1)],
)
def test_a_stack_trains_each_run_as_a_plain_loop_would(model, dtype, steps, tolerance, width):
    settings = small(model, learning_rate=0.02)
    recipe = settings.full_recipe
    stack = StackedRuns(networks(settings, range(width), dtype), recipe, CPU)
    data = batches(steps, width, stack.noise_size, dtype)
    rates = [0.02 / (1 + step) for step in range(steps)]
    losses = torch.stack([stack.step(*batch, rate)[0] for batch, rate in zip(data, rates, strict=True)])

    for index, network in enumerate(networks(settings, range(width), dtype)):
        mine = [tuple(value[index] for value in batch) for batch in data]
        expected = plain_steps(network, recipe, mine, rates)
        assert torch.allclose(losses[:, index], torch.tensor(expected, dtype=dtype), rtol=tolerance, atol=tolerance)
        for name, value in stack.weights(index).items():
            torch.testing.assert_close(value, network.state_dict()[name], rtol=tolerance, atol=tolerance)


def train(settings, seeds, data, order, spoiled=()):
    """Weights after training runs in places of a stack; `order[place]` is the run (its seed and its batches)."""
    stack = StackedRuns(networks(settings, [seeds[run] for run in order]), settings.full_recipe, CPU)
    for images, labels, noise in data:
        images = images[order].clone()
        for place in spoiled:
            images[place] = float("nan")
        stack.step(images, labels[order], noise[order], 0.05)
    return {run: stack.weights(place) for place, run in enumerate(order)}


@pytest.mark.parametrize("model", SMALL)
def test_a_run_is_the_same_bit_for_bit_whatever_its_place_and_neighbours(model):
    settings = small(model)
    noise_size = networks(settings, [0])[0].noise_size
    data = batches(3, 5, noise_size, size=32)
    seeds = [11, 12, 13, 14, 15]
    first = train(settings, seeds, data, [0, 1, 2])
    for other, spoiled in (([4, 0, 3], ()), ([2, 4, 0], ()), ([0, 0, 0], ()), ([3, 0, 4], (0, 2))):
        weights = train(settings, seeds, data, other, spoiled)[0]
        for name, value in first[0].items():
            assert torch.equal(value, weights[name]), f"{name} differs beside {other}, spoiled {spoiled}"


def test_state_restores_a_stack_exactly():
    settings = small("shake_shake")
    stack = StackedRuns(networks(settings, [1, 2]), settings.full_recipe, CPU)
    data = batches(6, 2, stack.noise_size)
    for batch in data[:3]:
        stack.step(*batch, 0.1)
    kept = {name: value.clone() for name, value in stack.state_dict().items()}
    for batch in data[3:]:
        stack.step(*batch, 0.1)
    resumed = StackedRuns(networks(settings, [7, 8]), settings.full_recipe, CPU)
    resumed.load_state_dict(kept)
    for batch in data[3:]:
        resumed.step(*batch, 0.1)
    for name, value in stack.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_errors_are_counted_before_the_update():
    settings = small("resnet")
    stack = StackedRuns(networks(settings, [1, 2]), settings.full_recipe, CPU)
    batch = batches(1, 2, 0)[0]
    expected = [
        (network.train()(batch[0][index]).argmax(1) != batch[1][index]).sum().item()
        for index, network in enumerate(networks(settings, [1, 2]))
    ]
    assert stack.step(*batch, 0.1)[1].tolist() == expected


@pytest.mark.parametrize("model", SMALL)
def test_a_failed_runs_place_stays_finite_after_reset(model):
    settings = small(model)
    stack = StackedRuns(networks(settings, [1, 2, 3]), settings.full_recipe, CPU)
    data = batches(5, 3, stack.noise_size)
    data[0][0][1] = float("nan")
    assert not stack.step(*data[0], 0.05)[0][1].isfinite()
    stack.reset(1)
    for batch in data[1:]:
        assert stack.step(*batch, 0.05)[0].isfinite().all()
    for name, value in stack.state_dict().items():
        assert value.isfinite().all(), name


class Shared(nn.Module):
    """One convolution at two places, one weight in two layers, and a buffer that is assigned anew."""

    def __init__(self):
        super().__init__()
        convolution = nn.Conv2d(1, 1, 3, padding=1)
        self.layers = nn.Sequential(convolution, nn.ReLU(), convolution, nn.BatchNorm2d(1), nn.Flatten())
        self.first, self.second, self.last = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)
        self.second.weight = self.first.weight
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.seen = self.seen + len(x)
        return self.last(self.second(self.first(self.layers(x)).relu()).relu())


def shared_networks(count):
    found = []
    for seed in range(count):
        torch.manual_seed(seed)
        found.append(Classifier(Shared(), *STATISTICS, draws_globally=True))
    return found


def test_a_foreign_network_may_share_weights_and_assign_its_buffers_anew():
    recipe = ArchitectureSettings(model="tests:any").full_recipe
    stack = StackedRuns(shared_networks(1), recipe, CPU)
    data = batches(5, 1, 0)
    for batch in data:
        stack.step(*batch, 0.05)
    (network,) = shared_networks(1)
    plain_steps(network, recipe, [tuple(value[0] for value in batch) for batch in data], [0.05] * 5)
    weights, expected = stack.weights(0), network.state_dict()
    assert list(weights) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(weights[name], value, rtol=1e-4, atol=1e-5)
    assert weights["body.seen"] == 5 * 16
    assert {"body.layers.0.weight", "body.layers.2.weight", "body.second.weight"} <= stack.trained_names
    assert "body.seen" not in stack.trained_names


def test_a_foreign_networks_assigned_buffers_are_resumed():
    recipe = ArchitectureSettings(model="tests:any").full_recipe
    stack, resumed = (StackedRuns([network], recipe, CPU) for network in shared_networks(2))
    data = batches(4, 1, 0)
    for batch in data[:2]:
        stack.step(*batch, 0.05)
        resumed.step(*batch, 0.05)
    resumed.load_state_dict({name: value.clone() for name, value in stack.state_dict().items()})
    for batch in data[2:]:
        for one in (stack, resumed):
            one.step(*batch, 0.05)
    for name, value in stack.weights(0).items():
        assert torch.equal(value, resumed.weights(0)[name]), name
    assert stack.weights(0)["body.seen"] == 4 * 16
    resumed.reset(0)
    assert resumed.weights(0)["body.seen"] == 0
