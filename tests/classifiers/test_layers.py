"""Layers that take several runs at once, against torch's own layers on each run."""

import pytest
import torch
from torch.nn import functional as F

from understudy.classifiers import layers
from understudy.classifiers.layers import (
    LARGEST_MATRIX,
    AveragePool,
    BatchNorm,
    Linear,
    convolution_matrix,
    convolve,
    has_small_matrix,
)
from understudy.classifiers.rwnn import SeparableConvolution

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
    (12, 12, 4, 3, 1, 1),
    (16, 32, 2, 3, 1, 1),
    (5, 7, 5, 3, 2, 1),
    (7, 5, 6, 1, 2, 1),
]


def stacked(shape, *, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(("inputs", "outputs", "size", "kernel", "stride", "groups"), CONVOLUTIONS)
@pytest.mark.parametrize("largest", [0, 10**9, LARGEST_MATRIX])
def test_stacked_convolutions_are_torchs_on_each_run(
    inputs, outputs, size, kernel, stride, groups, largest, monkeypatch
):
    monkeypatch.setattr(layers, "LARGEST_MATRIX", largest)
    monkeypatch.setattr(layers, "LARGEST_MATRIX_ODD", largest)
    x, weight = stacked((3, 4, inputs, size, size)), stacked((3, outputs, inputs // groups, kernel, kernel), seed=1)
    found = convolve(x, weight, stride, kernel // 2, groups)
    for place in range(3):
        torch.testing.assert_close(
            found[place], F.conv2d(x[place], weight[place], None, stride, kernel // 2, 1, groups)
        )


def test_small_images_of_few_channels_are_multiplied_by_a_matrix():
    assert has_small_matrix(torch.empty(3, 1, 8, 4, 4), 8, 1)
    assert not has_small_matrix(torch.empty(3, 1, 16, 8, 8), 16, 1)
    assert convolution_matrix(stacked((3, 6, 2, 3, 3)), 4, 2, 1).shape == (3, 2 * 16, 6 * 4)


@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("images", [32, 37])
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


def test_stacked_normalisation_keeps_statistics_of_each_run():
    plain = [BatchNorm(4).double() for _ in range(3)]
    x = stacked((3, 8, 4, 5, 5)) * 3 + 1
    weight, bias = stacked((3, 4), seed=1), stacked((3, 4), seed=2)
    names = {"weight": weight, "bias": bias}
    running = {"running_mean": torch.zeros(3, 4).double(), "running_var": torch.ones(3, 4).double()}
    template = BatchNorm(4).double()
    found = torch.func.functional_call(template, names | running, x)
    for place, network in enumerate(plain):
        network.load_state_dict({name: value[place] for name, value in names.items()}, strict=False)
        torch.testing.assert_close(found[place], network(x[place]))
        torch.testing.assert_close(running["running_mean"][place], network.running_mean)
        torch.testing.assert_close(running["running_var"][place], network.running_var)


def test_stacked_pooling_and_linear_layers_are_torchs_on_each_run():
    x, weight, bias = stacked((3, 4, 2, 5, 5)), stacked((3, 6, 50), seed=1), stacked((3, 6), seed=2)
    pooled = AveragePool(2, ceil_mode=True)(x)
    mapped = torch.func.functional_call(Linear(50, 6).double(), {"weight": weight, "bias": bias}, x.flatten(2))
    for place in range(3):
        torch.testing.assert_close(pooled[place], F.avg_pool2d(x[place], 2, ceil_mode=True))
        torch.testing.assert_close(mapped[place], F.linear(x[place].flatten(1), weight[place], bias[place]))


def test_a_separable_convolution_is_one_convolution():
    layer = SeparableConvolution(4, 6, 1).double()
    x = stacked((3, 8, 4, 4, 4))
    weights = {name: torch.stack([value, 2 * value, -value]) for name, value in layer.state_dict().items()}
    found = torch.func.functional_call(layer, weights, x)
    for place, factor in enumerate((1, 4, 1)):
        # Both weights are scaled, and the layer is linear in each.
        torch.testing.assert_close(found[place], factor * layer(x[place]))
