import pytest
import torch
from torch import nn

from tests.generators.small import CPU, small_stylegan2
from tests.generators.test_wgan_gp import SMALL
from understudy.devices import torch_generator
from understudy.generators.adversarial import descend
from understudy.generators.layers import EqualizedLinear, multiply_in
from understudy.generators.losses import r1_penalty
from understudy.generators.stacking import StackedNetworks
from understudy.generators.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from understudy.generators.wgan_gp import WGANGPCritic, WGANGPGenerator


@pytest.mark.parametrize("members", [1, 3])
def test_a_stack_is_its_members_side_by_side(members):
    stack = StackedNetworks(lambda: EqualizedLinear(4, 2, activate=True), range(members), CPU)
    x = torch.randn(members, 5, 4, generator=torch_generator(0))
    for k in range(members):
        alone = StackedNetworks(lambda: EqualizedLinear(4, 2, activate=True), [k], CPU)
        torch.testing.assert_close(stack(x)[k], alone(x[k][None])[0])
        assert torch.equal(stack.state_dict()["weight"][k], alone.state_dict()["weight"][0])


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("penalised", [False, True])
def test_descend_is_adam_member_by_member_whatever_the_strides_of_gradients(members, penalised):
    # Second derivatives of convolutions have permuted strides, which fused Adam does not heed.
    def build() -> nn.Module:
        return WGANGPCritic(SMALL, 8, 1, 1)

    stack, images = (
        StackedNetworks(build, range(members), CPU),
        torch.randn(members, 4, 1, 8, 8, generator=torch_generator(9)),
    )

    def loss_of(network, x):
        x = x.clone().requires_grad_()
        scores = network(x)[..., 0]
        return r1_penalty(scores, x, 10.0) if penalised else scores.mean(dim=1)

    expected = []
    for k in range(members):
        alone = StackedNetworks(build, [k], CPU)
        loss_of(alone, images[k][None]).sum().backward()
        plain = torch.optim.Adam(alone.parameters.values(), lr=0.01, eps=1.0, fused=False, foreach=False)
        plain.step()
        expected.append(alone.state_dict())
    # With a large epsilon, a step is proportional to the gradient, so that rounding is not magnified.
    descend(loss_of(stack, images), stack, torch.optim.Adam(stack.parameters.values(), lr=0.01, eps=1.0, fused=True))
    for name, value in stack.state_dict().items():
        for k in range(members):
            torch.testing.assert_close(value[k], expected[k][name][0], atol=1e-6, rtol=1e-5)


def test_a_member_of_a_stacked_generator_normalises_by_its_own_batch():
    stack = StackedNetworks(lambda: WGANGPGenerator(SMALL, 8, 1, 1), [0, 1], CPU)
    random, labels = torch.randn(2, 6, 8, generator=torch_generator(0)), torch.ones(2, 6, 1)
    other = torch.stack([random[0], 3 * random[1] + 1])
    torch.testing.assert_close(stack(random, labels)[0], stack(other, labels)[0])


@pytest.mark.parametrize("members", [1, 2])
def test_reduced_precision_stays_near_full_precision_in_losses_and_gradients(members):
    settings = small_stylegan2(latent=32, channels_max=32, r1_gamma=1.0)
    labels = torch.ones(members, 8, 1)
    images, gradients = [], []
    for reduced in (False, True):
        generator = StackedNetworks(lambda: StyleGAN2Generator(settings, 16, 3, 1), range(members), CPU)
        discriminator = StackedNetworks(lambda: StyleGAN2Discriminator(settings, 16, 3, 1), range(members), CPU)
        for network in (generator.network, discriminator.network):
            multiply_in(network, torch.bfloat16 if reduced else None)
        random = torch.randn(members, 8, generator.network.random_numbers, generator=torch_generator(0))
        fakes = generator(random, labels)
        logits = discriminator(fakes, labels)
        assert fakes.dtype == logits.dtype == torch.float32
        images.append(fakes.detach())
        real = fakes.detach().requires_grad_()
        penalty = r1_penalty(discriminator(real, labels), real, 10.0)
        found = torch.autograd.grad(logits.sum(), list(generator.parameters.values()))
        found += torch.autograd.grad(penalty.sum(), list(discriminator.parameters.values()), allow_unused=True)
        assert all(one is None or one.dtype == torch.float32 for one in found)
        gradients.append(torch.cat([one.flatten() for one in found if one is not None]))
    # bfloat16 has eight binary digits; were the filters, styles and last layers cast as well, errors would be larger.
    assert not torch.equal(*images)
    assert (images[0] - images[1]).norm() < 0.02 * images[0].norm()
    assert torch.cosine_similarity(*gradients, dim=0) > 0.999
