"""Entropy guidance: steer a diffusion model's sample towards images of which a learner is unsure.

Source: Improving the Scaling Laws of Synthetic Data with Deliberate Practice, equations 4 to 7 and algorithm 1. With
x_0^ = (z_t - sqrt(1 - a_t) e) / sqrt(a_t) the predicted clean image, f the learner and H its prediction entropy, the
score gains omega grad_{z_t} H(f(x_0^)): entropy *ascends*. Since e = -sqrt(1 - a_t) * score, the noise becomes

    e~ = e - omega sqrt(1 - a_t) grad H                                                      (form ``gradient``)

Equation 7 as printed adds the gradient to the noise, which would descend; line 13 of algorithm 1 and the code of the
authors' earlier work ascend. That code steps in the latent instead, by a share omega of its length:

    z_t <- z_t + omega ||z_t|| grad H / ||grad H||                                           (form ``normalised``)

x_0^ isn't cut to the range of pixels. At the first step of a cosine schedule, where sqrt(a_t) is 5e-5, it is noise of
the order of 1000, of which the learner is sure: grad H is exactly 0 for nearly every sample, and guidance leaves that
where it is. ``GuidanceSettings.start`` leaves such steps out.
"""

from collections.abc import Callable

import torch
from torch import Tensor

SMALLEST_NORM = 1e-8

# Float images in pixel units [B, C, H, W], 0 to 255, to logits [B, classes].
Learner = Callable[[Tensor], Tensor]


def entropy(logits: Tensor) -> Tensor:
    """Return the entropy in nats, float32 [B], of the predictions with these logits [B, classes]."""
    log_p = logits.float().log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


def to_pixels(images: Tensor) -> Tensor:
    """Turn images in [-1, 1] into the learner's pixel units, 0 to 255, without cutting, which would end gradients."""
    return (images + 1) * 127.5


def predicted_clean(z: Tensor, noise: Tensor, a: Tensor) -> Tensor:
    """Return x_0^ of equation 4; ``a`` is the noise level's cumulative product, in (0, 1]."""
    return (z - (1 - a).sqrt() * noise) / a.sqrt()


def entropy_gradient(
    z: Tensor,
    predict_noise: Callable[[Tensor], Tensor],
    decode: Callable[[Tensor], Tensor],
    learner: Learner,
    a: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return grad_{z} H(f(x_0^)) [B, C, H, W] and the predicted noise at ``z`` [B, C, H, W], both detached.

    Each sample's entropy depends on that sample alone (the learner is in eval mode), so the gradient of their sum holds
    each one's own gradient.
    """
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        noise = predict_noise(z)
        total = entropy(learner(to_pixels(decode(predicted_clean(z, noise, a))))).sum()
        (gradient,) = torch.autograd.grad(total, z)
    return gradient, noise.detach()


def guided_noise(noise: Tensor, gradient: Tensor, omega: float, a: Tensor) -> Tensor:
    """Form ``gradient``: equation 7 with the sign that ascends."""
    return noise - omega * (1 - a).sqrt() * gradient


def guided_latent(z: Tensor, gradient: Tensor, omega: float) -> Tensor:
    """Form ``normalised``: a step uphill by the share ``omega`` of each latent's own length."""
    axes = tuple(range(1, z.ndim))
    length = torch.linalg.vector_norm(gradient, dim=axes, keepdim=True) + SMALLEST_NORM
    return z + omega * torch.linalg.vector_norm(z, dim=axes, keepdim=True) * gradient / length
