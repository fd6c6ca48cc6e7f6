"""Losses of both methods. Tensors have a leading axis for the member of a stack: logits are [K, N].

Each returns one value per member, a mean over its own images, so that summing them trains every member as if alone.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return the logistic loss of a discriminator, [K], from logits [K, N] each (Goodfellow et al. 2014)."""
    return F.softplus(-real).mean(dim=1) + F.softplus(fake).mean(dim=1)


def generator_loss(fake: Tensor) -> Tensor:
    """Return the non-saturating loss of a generator, [K], from logits [K, N]."""
    return F.softplus(-fake).mean(dim=1)


def squared_gradient(logits: Tensor, images: Tensor) -> Tensor:
    """Return |gradient of an image's logit with respect to the image|^2, [K, N], differentiable itself.

    Each logit must depend on its own image alone, or on others of its group in a way that the penalty is meant to see.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(2, 3, 4))


def r1_penalty(logits: Tensor, images: Tensor, gamma: float) -> Tensor:
    """Return gamma / 2 E[|grad D(x)|^2] over real images, [K] (Mescheder et al. 2018, equation 9)."""
    return gamma / 2 * squared_gradient(logits, images).mean(dim=1)


def gradient_penalty(scores: Tensor, mixed: Tensor, weight: float) -> Tensor:
    """Return weight E[(|grad D(x)| - 1)^2] over mixtures of real and fake images, [K] (WGAN-GP, equation 3)."""
    # The root's derivative at zero is infinite: a flat critic would give NaN.
    norm = (squared_gradient(scores, mixed) + 1e-12).sqrt()
    return weight * (norm - 1).square().mean(dim=1)


def path_lengths(images: Tensor, offset: Tensor, noise: Tensor) -> Tensor:
    """Return |J_w^T y| for random images y, the root mean square over the layers' styles w, [K, N].

    StyleGAN2's equation 4. ``offset`` [K, N, L, D] was added to the styles of L layers, so that its gradient is theirs;
    ``noise`` is standard normal and has the shape of ``images``.
    """
    pixels = images.shape[-2] * images.shape[-1]
    (gradient,) = torch.autograd.grad((images * noise).sum() / pixels**0.5, offset, create_graph=True)
    return gradient.square().sum(dim=3).mean(dim=2).sqrt()
