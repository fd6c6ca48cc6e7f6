"""A detail of each family that its paper publishes."""

import pytest
import torch
from torch import nn

from tests.classifiers.networks import SMALL, small
from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.families import PyramidNetArguments
from understudy.classifiers.layers import Shape
from understudy.classifiers.networks import build_network
from understudy.classifiers.pyramidnet import PyramidBlock, block_widths
from understudy.classifiers.resnet_preact import PreactBlock, SqueezeExcitation
from understudy.classifiers.shake_shake import TwoPathShortcut, mix_branches


def body(model, **arguments):
    settings = ArchitectureSettings(model=model, arguments=SMALL[model] | arguments)
    return build_network(settings, Shape(3, 16, 10), 0).body


def kinds(module: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in module.modules() if not list(layer.children())]


def test_resnet_projects_only_where_the_width_changes():
    shortcuts = [type(block.shortcut).__name__ for block in body("resnet", depth=20).stages]
    assert shortcuts == ["Identity"] * 3 + ["Sequential", "Identity", "Identity"] * 2


def test_a_resnet_block_with_dead_residual_is_relu_of_its_input():
    block = body("resnet").stages[0].eval()
    nn.init.zeros_(block.residual[-1].weight)
    x = torch.randn(2, 4, 6, 6)
    assert torch.equal(block(x), x.relu())


def test_preactivation_comes_before_each_convolution():
    block = next(
        m for m in body("resnet_preact", depth=8, width=4, block="basic").modules() if isinstance(m, PreactBlock)
    )
    order = kinds(block.preactivation) + kinds(block.residual)
    assert order == ["BatchNorm", "ReLU", "Convolution", "BatchNorm", "ReLU", "Convolution"]


def test_the_published_se_form_drops_the_first_relu_and_adds_a_normalisation():
    first, second = [m for m in body("se_resnet_preact", depth=14).modules() if isinstance(m, PreactBlock)][:2]
    assert kinds(first.preactivation) == ["BatchNorm", "ReLU"]
    assert kinds(second.preactivation) == ["BatchNorm", "Identity"]
    assert [type(layer).__name__ for layer in second.residual][-2:] == ["BatchNorm", "SqueezeExcitation"]


def test_squeeze_and_excitation_reduces_by_sixteen():
    with torch.device("meta"):
        network = build_network(
            ArchitectureSettings(model="se_resnet_preact_110"), Shape(3, 32, 10), 0, (torch.zeros(3), torch.ones(3))
        )
    layers = [m for m in network.modules() if isinstance(m, SqueezeExcitation)]
    assert [layer.squeeze.out_features for layer in layers] == [1] * 18 + [2] * 18 + [4] * 18


def test_excitation_scales_whole_channels():
    layer = SqueezeExcitation(6, 2)
    x = torch.rand(3, 6, 4, 4) + 1
    ratio = layer(x) / x
    assert torch.allclose(ratio, ratio[:, :, :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()


def test_wide_resnet_multiplies_the_widths():
    stages = body("wrn", depth=10, widen_factor=3, width=4).stages
    assert [block.residual[-1].out_channels for block in stages] == [12, 24, 48]


def test_dense_layers_pass_their_input_on():
    layer = body("densenet").layers[1]
    x = torch.randn(2, 8, 5, 5)
    out = layer(x)
    assert out.shape[1] == 12
    assert torch.equal(out[:, :8], x)


@pytest.mark.parametrize("stride", [1, 2])
def test_pyramid_shortcuts_are_averaged_and_padded_with_zeros(stride):
    block = PyramidBlock(3, 5, stride, "basic").eval()
    nn.init.zeros_(block.residual[-1].weight)
    x = torch.randn(2, 3, 6, 6)
    out = block(x)
    expected = x if stride == 1 else x.reshape(2, 3, 3, 2, 3, 2).mean((3, 5))
    torch.testing.assert_close(out[:, :3], expected)
    assert not out[:, 3:].any()


def test_pyramid_widths_grow_evenly_to_width_plus_alpha():
    widths = block_widths(PyramidNetArguments(depth=110, alpha=270), 54)
    assert widths == list(range(16, 287, 5))


def test_resnext_groups_keep_to_their_own_channels():
    block = body("resnext", cardinality=2, base_width=3).layers[3]
    grouped = block.residual[3]
    assert grouped.groups == 2
    x = torch.zeros(1, 6, 5, 5)
    x[:, :3] = torch.randn(1, 3, 5, 5)
    assert not grouped(x)[:, 3:].any()


@pytest.mark.parametrize("mode", ["shake", "even", "keep"])
def test_shake_shake_mixes_by_alpha_and_its_gradient_by_beta(mode):
    generator = torch.Generator().manual_seed(2)
    first, second = (torch.randn(3, 2, 4, 4, generator=generator).requires_grad_() for _ in range(2))
    noise = torch.rand(3, 2, generator=generator)
    block = body("shake_shake", backward=mode).blocks[0]
    alpha, beta = block._weights(noise)
    assert torch.equal(alpha.flatten(), noise[:, 0])
    expected = {"shake": noise[:, 1], "even": torch.full((3,), 0.5), "keep": noise[:, 0]}[mode].reshape(3, 1, 1, 1)
    mixed = mix_branches(first, second, alpha, beta)
    torch.testing.assert_close(mixed, alpha * first + (1 - alpha) * second)
    mixed.sum().backward()
    torch.testing.assert_close(first.grad, expected.expand_as(first).clone())
    torch.testing.assert_close(second.grad, (1 - expected).expand_as(second).clone())


def test_shake_shake_draws_per_image_or_per_batch_and_halves_in_eval():
    noise = torch.rand(5, 2)
    per_batch = body("shake_shake", level="batch").blocks[0]
    assert torch.equal(per_batch._weights(noise)[0].flatten(), noise[:1, 0])
    block = body("shake_shake").blocks[1].eval()
    x = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(block(x, None), block.shortcut(x) + (block.first(x) + block.second(x)) / 2)


def test_shake_shakes_second_path_is_shifted_by_a_pixel():
    shortcut = TwoPathShortcut(1, 2, 2).eval()
    nn.init.ones_(shortcut.straight.weight)
    nn.init.ones_(shortcut.shifted.weight)
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    out = shortcut(x) * (1 + shortcut.normalise.eps) ** 0.5
    torch.testing.assert_close(out[0, 0], x[0, 0, ::2, ::2])
    torch.testing.assert_close(out[0, 1], x[0, 0, 1::2, 1::2])


def test_a_wired_stage_sums_weighted_inputs_and_averages_its_sinks():
    network = build_network(small("rwnn"), Shape(1, 8, 10), 0).body.eval()
    stage = network.layers[5]
    # Edges (0,1) (0,2) (1,3) (2,3) (2,4): one source, sinks 3 and 4.
    assert [len(before) for before in stage.sources] == [0, 1, 1, 2, 1]
    x = torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        stage.nodes[3].weights.copy_(torch.tensor([0.0, 30.0]))
        nodes = [node.operation for node in stage.nodes]
        zero = nodes[0](x)
        one, two = nodes[1](zero), nodes[2](zero)
        expected = (nodes[3](0.5 * one + two) + nodes[4](two)) / 2
        torch.testing.assert_close(stage(x), expected)
    assert stage(x).shape == (2, 8, 4, 4)
