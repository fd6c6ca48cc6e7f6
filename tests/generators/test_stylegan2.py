import itertools

import pytest
import torch
import torch.nn.functional as F

from tests.generators.small import CPU, small_stylegan2
from understudy.devices import torch_generator
from understudy.generators.layers import initialise
from understudy.generators.presets import CIFAR_STYLEGAN2
from understudy.generators.stylegan2 import (
    MappingNetwork,
    ModulatedConv,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
    SynthesisLayer,
)
from understudy.generators.stylegan2_step import StyleGAN2Step


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameter_counts_of_the_published_conditional_cifar10_setting():
    # StudioGAN's log of StyleGAN2-ADA on CIFAR-10, conditional.
    with torch.device("meta"):
        assert parameters(StyleGAN2Generator(CIFAR_STYLEGAN2, 32, 3, 10)) == 20_215_315
        assert parameters(StyleGAN2Discriminator(CIFAR_STYLEGAN2, 32, 3, 10)) == 23_089_664


def modulated_by_weights(conv: ModulatedConv, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Equations 1 and 3 to the letter: weights of its own for every image."""
    results = []
    for image, style in zip(x, conv.affine(w), strict=True):
        weight = conv.weight * style[None, :, None, None]
        if conv.demodulate:
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        else:
            weight = weight / weight[0].numel() ** 0.5
        if conv.blur is None:
            results.append(F.conv2d(image[None], weight, padding=weight.shape[-1] // 2))
        else:
            raised = F.conv_transpose2d(image[None], weight.transpose(0, 1), stride=2)
            tap = torch.tensor([1.0, 3, 3, 1], dtype=x.dtype) / 8
            kernel = (4 * torch.outer(tap, tap)).expand(len(weight), 1, 4, 4)
            results.append(F.conv2d(raised, kernel, padding=1, groups=len(weight)))
    return torch.cat(results)


@pytest.mark.parametrize(("kernel", "up", "demodulate"), [(3, False, True), (3, True, True), (1, False, False)])
def test_modulated_convolution_against_weights_per_image(kernel, up, demodulate):
    conv = ModulatedConv(6, 5, kernel, 7, up_from=4 if up else 0, demodulate=demodulate).double()
    initialise(conv, torch_generator(0))
    x = torch.randn(3, 6, 4, 4, generator=torch_generator(1)).double()
    w = torch.randn(3, 7, generator=torch_generator(2)).double()
    y, scale = conv(x, w)
    torch.testing.assert_close(y * scale[:, :, None, None], modulated_by_weights(conv, x, w))


def test_styled_layer_adds_noise_and_bias_before_a_leaky_relu_with_gain():
    layer = SynthesisLayer(6, 5, 4, 7)
    initialise(layer, torch_generator(0))
    with torch.no_grad():
        layer.noise_strength.fill_(0.3)
        layer.bias.copy_(torch.arange(5.0))
    x, w = torch.randn(3, 6, 4, 4, generator=torch_generator(1)), torch.randn(3, 7, generator=torch_generator(2))
    noise = torch.randn(3, 1, 4, 4, generator=torch_generator(3))
    plain = modulated_by_weights(layer.conv, x, w) + 0.3 * noise + torch.arange(5.0)[:, None, None]
    torch.testing.assert_close(layer(x, w, noise), F.leaky_relu(plain, 0.2) * 2**0.5)


def test_mapping_does_not_see_the_length_of_a_latent():
    mapping = MappingNetwork(8, 3, 8, 2, rate=0.01)
    initialise(mapping, torch_generator(0))
    z, labels = torch.randn(3, 8, generator=torch_generator(1)), torch.eye(3)
    torch.testing.assert_close(mapping(4 * z, labels), mapping(z, labels))
    assert not torch.allclose(mapping(z, labels.flip(0)), mapping(z, labels))


@pytest.mark.parametrize(
    ("generator_form", "discriminator_form", "resolution", "channels", "classes"),
    [
        *itertools.product(("orig", "skip", "residual"), ("orig", "skip", "residual"), (8,), (1,), (3,)),
        ("skip", "orig", 4, 1, 1), ("residual", "skip", 4, 3, 3), ("orig", "residual", 16, 3, 1),
        ("skip", "residual", 64, 3, 2),
    ],
)  # fmt: skip
def test_every_form_and_size_gives_images_logits_and_gradients(
    generator_form, discriminator_form, resolution, channels, classes
):
    settings = small_stylegan2(generator_form=generator_form, discriminator_form=discriminator_form)
    generator = StyleGAN2Generator(settings, resolution, channels, classes)
    discriminator = StyleGAN2Discriminator(settings, resolution, channels, classes)
    initialise(generator, torch_generator(0))
    initialise(discriminator, torch_generator(1))
    labels = F.one_hot(torch.arange(4) % classes, classes).float()
    images = generator(torch.randn(4, generator.random_numbers, generator=torch_generator(2)), labels)
    assert images.shape == (4, channels, resolution, resolution)
    # Path and block scalings keep activations near unit variance, whatever the form and depth.
    assert 0.1 < images.std().item() < 4
    logits = discriminator(images, labels)
    assert logits.shape == (4,)
    F.softplus(-logits).sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


def test_projection_conditioning_is_a_product_with_the_label_vector():
    discriminator = StyleGAN2Discriminator(small_stylegan2(), 8, 1, 3)
    initialise(discriminator, torch_generator(0))
    images = torch.randn(4, 1, 8, 8, generator=torch_generator(1))
    features = []
    discriminator.out.register_forward_hook(lambda module, inputs, output: features.append(output))
    labels = F.one_hot(torch.tensor([0, 1, 2, 1]), 3).float()
    logits = discriminator(images, labels)
    vectors = discriminator.mapping(None, labels)
    torch.testing.assert_close(logits, (features[0] * vectors).sum(dim=1) / vectors.shape[1] ** 0.5)


@pytest.mark.parametrize(
    ("changes", "lowered"),
    [
        (dict(path_length_weight=0, lazy_generator=False), False),
        (dict(path_length_weight=0, lazy_generator=True), True),  # the published CIFAR-10 setting
        (dict(path_length_weight=2, lazy_generator=False), True),
    ],
)
def test_a_lazy_penalty_lowers_rate_and_decay(changes, lowered):
    # Karras et al. 2020, appendix B.
    settings = small_stylegan2(learning_rate=2.5e-3, path_length_interval=4, r1_gamma=1, r1_interval=16, **changes)
    optimizers = StyleGAN2Step(settings, 8, 1, 3, [0], CPU).optimizers
    for name, c in (("generator", 4 / 5 if lowered else 1), ("discriminator", 16 / 17)):
        (group,) = optimizers[name].param_groups
        assert (group["lr"], *group["betas"]) == pytest.approx((2.5e-3 * c, 0, 0.99**c))


@pytest.mark.parametrize("form", ["orig", "skip", "residual"])
def test_every_convolution_and_the_last_image_have_a_style_of_their_own(form):
    # An earlier image of the skip form shares the style of the convolution after it.
    generator = StyleGAN2Generator(small_stylegan2(generator_form=form), 16, 3, 1).double()
    initialise(generator, torch_generator(0))
    assert generator.style_count == 6
    styles = torch.randn(6, 2, 8, generator=torch_generator(1)).double()
    noise = torch.zeros(2, generator.random_numbers - 8).double()
    seen = []
    for name, module in generator.named_modules():
        if isinstance(module, ModulatedConv):
            module.register_forward_hook(lambda _, inputs, __, name=name: seen.append((name, inputs[1])))
    generator.synthesise(list(styles), noise)
    expected = {"blocks.0.second.conv": 0, "blocks.1.first.conv": 1, "blocks.1.second.conv": 2,
                "blocks.2.first.conv": 3, "blocks.2.second.conv": 4, "blocks.2.to_rgb.conv": 5}  # fmt: skip
    if form == "skip":
        expected |= {"blocks.0.to_rgb.conv": 1, "blocks.1.to_rgb.conv": 3}
    found = {name: next(k for k, one in enumerate(styles) if torch.equal(one, style)) for name, style in seen}
    assert found == expected
