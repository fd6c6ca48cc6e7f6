"""Layers that take several runs at once, against torch's own layers on each run."""

import pytest
import torch
from torch.nn import functional as F

from understudy.classifiers import stacked_operations
from understudy.classifiers.layers import AveragePool, BatchNorm, StackedLinear
from understudy.classifiers.stacked_operations import (
    add_channels,
    convolve,
    join_channels,
)

# Channels in and out, side, kernel, stride, groups: every path of `convolve`, and channels that fill no vector.
CONVOLUTIONS = [
    (1, 4, 8, 3, 1, 1),
    (6, 6, 8, 3, 1, 1),
    (8, 8, 8, 3, 1, 1),
    (9, 12, 8, 3, 2, 1),
    (8, 16, 8, 1, 1, 1),
    (12, 24, 8, 1, 1, 1),
    (8, 8, 8, 3, 1, 4),
    (6, 6, 8, 3, 1, 6),
    (6, 6, 5, 3, 2, 6),
    (12, 12, 4, 3, 1, 12),
    (12, 12, 4, 3, 2, 12),
    (9, 9, 2, 3, 1, 9),
    (9, 9, 8, 3, 2, 9),
    (9, 9, 2, 3, 2, 9),
    (5, 7, 1, 1, 1, 1),
    (7, 9, 3, 1, 1, 1),
    (3, 3, 5, 3, 1, 1),
    (24, 40, 2, 1, 1, 1),
    (12, 12, 4, 3, 1, 1),
    (16, 32, 2, 3, 1, 1),
    (5, 7, 5, 3, 2, 1),
    (7, 5, 6, 1, 2, 1),
]


def stacked(shape, *, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("largest", [0, 10**9, None])
def test_stacked_convolutions_and_their_gradients_are_torchs_on_each_run(largest, monkeypatch):
    if largest is not None:
        monkeypatch.setattr(stacked_operations, "LARGEST_MATRIX", largest)
        monkeypatch.setattr(stacked_operations, "LARGEST_CHANNEL_MATRIX", largest)
    for inputs, outputs, size, kernel, stride, groups in CONVOLUTIONS:
        side = -(-size // stride)
        shapes = [
            (3, 4, inputs, size, size),
            (3, outputs, inputs // groups, kernel, kernel),
            (3, 4, outputs, side, side),
        ]
        x, weight, arriving = (stacked(shape, seed=seed).requires_grad_() for seed, shape in enumerate(shapes))
        found = convolve(x, weight, stride, kernel // 2, groups)
        plain = torch.stack([F.conv2d(x[i], weight[i], None, stride, kernel // 2, 1, groups) for i in range(3)])
        torch.testing.assert_close(found, plain)
        gradients = [torch.autograd.grad(y, (x, weight), arriving) for y in (found, plain)]
        torch.testing.assert_close(*gradients)


def test_the_first_layers_images_need_no_gradient():
    for shape, outputs in (((3, 4, 1, 4, 4), 2), ((3, 4, 3, 8, 8), 8)):
        x, weight = stacked(shape), stacked((3, outputs, shape[2], 3, 3), seed=1).requires_grad_()
        (found,) = torch.autograd.grad(convolve(x, weight, 1, 1).sum(), weight)
        (torchs,) = torch.autograd.grad(F.conv2d(x[1], weight[1], None, 1, 1).sum(), weight)
        torch.testing.assert_close(found[1], torchs[1])


@pytest.mark.parametrize(("width", "images"), [(3, 37), (5, 32), (3, 64), (5, 10)])
def test_a_run_meets_the_same_last_bits_in_every_place(width, images):
    for inputs, outputs, size, kernel, stride, groups in CONVOLUTIONS:
        side = -(-size // stride)
        shapes = [
            (images, inputs, size, size),
            (outputs, inputs // groups, kernel, kernel),
            (images, outputs, side, side),
        ]
        mine = [stacked(shape, seed=place, dtype=torch.float32) for place, shape in enumerate(shapes)]
        results = []
        for place in range(width):
            others = [stacked((width, *shape), seed=10 * width + place, dtype=torch.float32) for shape in shapes]
            for value, own in zip(others, mine, strict=True):
                value[place] = own
            x, weight, arriving = others
            y = convolve(x.requires_grad_(), weight.requires_grad_(), stride, kernel // 2, groups)
            found = [y, *torch.autograd.grad(y, (x, weight), arriving)]
            results.append([value[place].detach() for value in found])
        for place, found in enumerate(results):
            for value, expected in zip(found, results[0], strict=True):
                assert torch.equal(value, expected), f"{inputs} to {outputs} channels, {size} pixels, place {place}"


@pytest.mark.parametrize("training", [True, False])
def test_stacked_normalisation_keeps_statistics_of_each_run(training):
    plain = [BatchNorm(4).double().train(training) for _ in range(3)]
    x, arriving = (stacked((3, 8, 4, 5, 5)) * 3 + 1).requires_grad_(), stacked((3, 8, 4, 5, 5), seed=3)
    weight, bias = stacked((3, 4), seed=1), stacked((3, 4), seed=2)
    names = {"weight": weight.requires_grad_(), "bias": bias.requires_grad_()}
    running = {"running_mean": stacked((3, 4), seed=4), "running_var": stacked((3, 4), seed=5).exp()}
    before = {name: value.clone() for name, value in running.items()}
    template = BatchNorm(4).double().train(training)
    found = torch.func.functional_call(template, names | running, x)
    gradients = torch.autograd.grad(found, (x, weight, bias), arriving)
    for place, network in enumerate(plain):
        network.load_state_dict({name: value[place] for name, value in (names | before).items()}, strict=False)
        expected = network(x[place])
        torch.testing.assert_close(found[place], expected)
        torchs = torch.autograd.grad(expected, (x, network.weight, network.bias), arriving[place])
        torch.testing.assert_close(gradients[0][place], torchs[0][place])
        torch.testing.assert_close(gradients[1][place], torchs[1])
        torch.testing.assert_close(gradients[2][place], torchs[2])
        torch.testing.assert_close(running["running_mean"][place], network.running_mean)
        torch.testing.assert_close(running["running_var"][place], network.running_var)


def test_channels_are_joined_and_added_as_torch_does():
    x, y = stacked((3, 4, 2, 5, 5)), stacked((3, 4, 1, 5, 5), seed=1)
    assert torch.equal(join_channels([x, y]), torch.cat([x, y], 2))
    assert torch.equal(add_channels(x, 3), torch.cat([x, x.new_zeros(3, 4, 3, 5, 5)], 2))
    assert torch.equal(join_channels([x[0], y[0]]), torch.cat([x[0], y[0]], 1))
    assert torch.equal(add_channels(x[0], 3), torch.cat([x[0], x.new_zeros(4, 3, 5, 5)], 1))


def test_stacked_pooling_and_linear_layers_are_torchs_on_each_run():
    x, weight, bias = stacked((3, 4, 2, 5, 5)), stacked((3, 6, 50), seed=1), stacked((3, 6), seed=2)
    pooled = AveragePool(2, ceil_mode=True)(x)
    mapped = torch.func.functional_call(StackedLinear(50, 6).double(), {"weight": weight, "bias": bias}, x.flatten(2))
    for place in range(3):
        torch.testing.assert_close(pooled[place], F.avg_pool2d(x[place], 2, ceil_mode=True))
        torch.testing.assert_close(mapped[place], F.linear(x[place].flatten(1), weight[place], bias[place]))
