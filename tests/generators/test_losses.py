import math

import pytest
import torch

from understudy.devices import torch_generator
from understudy.generators.losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    path_lengths,
    r1_penalty,
)


def test_logistic_losses_at_known_logits():
    real, fake = torch.tensor([[0.0, 0.0], [2.0, -1.0]]), torch.tensor([[0.0, 0.0], [1.0, 3.0]])

    def softplus(x):
        return math.log1p(math.exp(x))

    expected = [2 * math.log(2), (softplus(-2) + softplus(1)) / 2 + (softplus(1) + softplus(3)) / 2]
    torch.testing.assert_close(discriminator_loss(real, fake), torch.tensor(expected))
    torch.testing.assert_close(generator_loss(fake)[1].item(), (softplus(-1) + softplus(-3)) / 2)


def quadratic(weights: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """D(x) = sum_i w_i x_i^2 / 2, whose gradient is w_i x_i; weights [K, 1, C, H, W]."""
    return (weights * images.square() / 2).sum(dim=(2, 3, 4))


@pytest.fixture
def case():
    images = torch.randn(2, 3, 1, 2, 2, generator=torch_generator(0), dtype=torch.float64).requires_grad_()
    weights = torch.randn(2, 1, 1, 2, 2, generator=torch_generator(1), dtype=torch.float64).requires_grad_()
    return weights, images


def test_r1_and_its_gradient_by_hand(case):
    weights, images = case
    penalty = r1_penalty(quadratic(weights, images), images, gamma=3.0)
    by_hand = 1.5 * (weights * images).square().sum(dim=(2, 3, 4)).mean(dim=1)
    torch.testing.assert_close(penalty, by_hand)
    (gradient,) = torch.autograd.grad(penalty.sum(), weights)
    # d/dw_i of gamma/2 mean_n w_i^2 x_ni^2 is gamma mean_n w_i x_ni^2.
    torch.testing.assert_close(gradient, 3.0 * (weights * images.square()).mean(dim=1, keepdim=True))


def test_gradient_penalty_and_its_gradient_by_hand(case):
    weights, images = case
    penalty = gradient_penalty(quadratic(weights, images), images, weight=10.0)
    norms = (weights * images).square().sum(dim=(2, 3, 4)).sqrt()
    torch.testing.assert_close(penalty, 10 * (norms - 1).square().mean(dim=1))
    (gradient,) = torch.autograd.grad(penalty.sum(), weights)
    factor = (20 * (norms - 1) / norms)[:, :, None, None, None]
    torch.testing.assert_close(gradient, (factor * weights * images.square()).mean(dim=1, keepdim=True))


def test_gradient_penalty_of_a_flat_critic_is_its_weight_and_no_nan(case):
    weights, images = case
    flat = quadratic(0 * weights, images)
    penalty = gradient_penalty(flat, images, weight=10.0)
    torch.testing.assert_close(penalty.detach(), torch.full((2,), 10.0, dtype=torch.float64), rtol=1e-5, atol=0)
    assert torch.autograd.grad(penalty.sum(), weights)[0].isfinite().all()


def test_path_lengths_of_a_linear_generator_are_jacobian_products_in_the_mean_square_over_layers():
    matrices = torch.randn(4, 12, 5, generator=torch_generator(0))  # of 4 layers
    offset = torch.zeros(2, 3, 4, 5, requires_grad=True)
    noise = torch.randn(2, 3, 3, 2, 2, generator=torch_generator(1))
    images = torch.einsum("lpd,knld->knp", matrices, offset).unflatten(2, (3, 2, 2))
    of_layers = [(noise.flatten(2) @ matrix).norm(dim=2) / 2 for matrix in matrices]  # 2 = sqrt of the pixels' number
    expected = torch.stack(of_layers).square().mean(dim=0).sqrt()
    torch.testing.assert_close(path_lengths(images, offset, noise), expected)
