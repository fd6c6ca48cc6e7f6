import numpy as np
import pytest
import torch
import torch.nn.functional as F

from understudy.devices import torch_generator
from understudy.generators.layers import (
    EqualizedConv,
    EqualizedLinear,
    MinibatchStd,
    check_resolution,
    downsample,
    initialise,
    upsample,
)

BINOMIAL = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


def filtered(x: torch.Tensor) -> torch.Tensor:
    kernel = BINOMIAL.to(x).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x, kernel, groups=x.shape[1])


@pytest.mark.parametrize("size", [4, 8, 32])
def test_upsampling_puts_zeros_between_pixels_and_filters(size):
    x = torch.randn(2, 3, size, size, generator=torch_generator(0))
    spread = torch.zeros(2, 3, 2 * size, 2 * size)
    spread[:, :, ::2, ::2] = x
    expected = 4 * filtered(F.pad(spread, (2, 1, 2, 1)))
    torch.testing.assert_close(upsample(size)(x), expected)


@pytest.mark.parametrize("size", [4, 8, 32])
def test_downsampling_filters_and_drops_every_second_pixel(size):
    x = torch.randn(2, 3, size, size, generator=torch_generator(0))
    torch.testing.assert_close(downsample(size)(x), filtered(F.pad(x, (1, 1, 1, 1)))[:, :, ::2, ::2])


def test_a_constant_image_keeps_its_value_away_from_the_edges():
    for layer in (upsample(16), downsample(16)):
        inner = layer(torch.ones(1, 1, 16, 16))[:, :, 2:-2, 2:-2]
        torch.testing.assert_close(inner, torch.ones_like(inner))


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_halving_convolution_blurs_then_strides(kernel):
    layer = EqualizedConv(3, 5, kernel, 8, down=True)
    initialise(layer, torch_generator(1))
    x = torch.randn(2, 3, 8, 8, generator=torch_generator(2))
    pad = 2 if kernel == 3 else 1
    blurred = filtered(F.pad(x, (pad,) * 4))
    plain = F.conv2d(blurred, layer.weight / (3 * kernel**2) ** 0.5, stride=2) + layer.bias[:, None, None]
    torch.testing.assert_close(layer(x), F.leaky_relu(plain, 0.2) * 2**0.5)


def test_equalised_layers_start_with_outputs_of_unit_variance():
    x = torch.randn(4000, 64, generator=torch_generator(0))
    for multiplier in (1.0, 0.01):
        layer = EqualizedLinear(64, 64, multiplier=multiplier)
        initialise(layer, torch_generator(1))
        assert layer(x).var().item() == pytest.approx(1, abs=0.08)
        assert layer.weight.std().item() == pytest.approx(1 / multiplier, rel=0.05)


def test_minibatch_std_against_numpy_group_by_group():
    x = torch.randn(8, 3, 4, 4, generator=torch_generator(0))
    y = MinibatchStd(4)(x)
    assert y.shape == (8, 4, 4, 4)
    torch.testing.assert_close(y[:, :3], x)
    for group in (slice(0, 4), slice(4, 8)):
        expected = np.sqrt(x[group].numpy().var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(y[group, 3].numpy(), expected, rtol=1e-5)


def test_groups_do_not_see_each_other():
    x = torch.randn(8, 3, 4, 4, generator=torch_generator(0))
    changed = torch.cat([x[:4], 5 * x[4:]])
    torch.testing.assert_close(MinibatchStd(4)(changed)[:4], MinibatchStd(4)(x)[:4])


@pytest.mark.parametrize(("resolution", "doublings"), [(4, 0), (8, 1), (32, 3), (64, 4)])
def test_good_resolutions(resolution, doublings):
    assert check_resolution(resolution, 3) == doublings


@pytest.mark.parametrize(("resolution", "channels"), [(0, 1), (2, 1), (6, 1), (12, 3), (28, 1), (33, 1), (8, 2)])
def test_bad_resolutions_and_channels(resolution, channels):
    with pytest.raises(ValueError, match=r"4 times a power of two|1 \(grey\)"):
        check_resolution(resolution, channels)
