"""Guidance: steer a diffusion model's sample towards images of which a learner is unsure. No torch at import.

Source: Improving the Scaling Laws of Synthetic Data with Deliberate Practice, equations 4 to 7 and algorithm 1. With
x_0^ = (z_t - sqrt(1 - a_t) e) / sqrt(a_t) the predicted clean image, f the learner and H a criterion of its prediction,
in the paper the entropy, the score gains omega grad_{z_t} H(f(x_0^)): the criterion *ascends*. Since
e = -sqrt(1 - a_t) * score, the noise becomes

    e~ = e - omega sqrt(1 - a_t) grad H                                                      (form ``gradient``)

Equation 7 as printed adds the gradient to the noise, which would descend; line 13 of algorithm 1 and the code of the
authors' earlier work ascend. That code steps in the latent instead, by a fraction omega of its length:

    z_t <- z_t + omega ||z_t|| grad H / ||grad H||                                           (form ``normalised``)

x_0^ isn't cut to the range of pixels. At the first step of a cosine schedule, where sqrt(a_t) is 5e-5, it is noise of
the order of 1000, of which the learner is sure: grad H is exactly 0 for nearly every sample, and guidance leaves that
where it is. ``GuidanceSettings.start`` leaves such steps out.

A new criterion is a function of logits [B, classes] that returns what is to rise, float32 [B], and an entry of
``CRITERIA``; a new form is a function like :func:`normalised_step` and an entry of ``FORMS``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MIN_NORM = 1e-8

# Float images in pixel units [B, C, H, W], 0 to 255, to logits [B, classes].
Learner = Callable[["Tensor"], "Tensor"]
Criterion = Callable[["Tensor"], "Tensor"]


def entropy(logits: "Tensor") -> "Tensor":
    """Return the entropy in nats, float32 [B], of the predictions with these logits [B, classes]."""
    log_p = logits.float().log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


CRITERIA: dict[str, Criterion] = {"entropy": entropy}


def to_pixels(images: "Tensor") -> "Tensor":
    """Turn images in [-1, 1] into the learner's pixel units, 0 to 255, without cutting, which would end gradients."""
    return (images + 1) * 127.5


def predicted_clean(z: "Tensor", noise: "Tensor", a: "Tensor") -> "Tensor":
    """Return x_0^ of equation 4; ``a`` is the noise level's cumulative product, in (0, 1]."""
    return (z - (1 - a).sqrt() * noise) / a.sqrt()


def criterion_gradient(
    z: "Tensor",
    predict_noise: Callable[["Tensor"], "Tensor"],
    criterion: Callable[["Tensor"], "Tensor"],
    a: "Tensor",
) -> tuple["Tensor", "Tensor"]:
    """Return grad_{z} H(f(x_0^)) [B, C, H, W] and the predicted noise at ``z`` [B, C, H, W], both detached.

    Parameters
    ----------
    z, a : latents [B, C, H, W] and their noise level's cumulative product
    predict_noise : from latents to noise
    criterion : from clean latents to H [B]; of a sample alone (the learner is in eval mode), so that the gradient of
        the sum holds each one's own gradient
    """
    import torch

    with torch.enable_grad():
        z = z.detach().requires_grad_()
        noise = predict_noise(z)
        (gradient,) = torch.autograd.grad(criterion(predicted_clean(z, noise, a)).sum(), z)
    return gradient, noise.detach()


def gradient_step(
    z: "Tensor", noise: "Tensor", gradient: "Tensor", omega: float, a: "Tensor"
) -> tuple["Tensor", "Tensor"]:
    """Return latents and noise by form ``gradient``: equation 7 with the sign that ascends."""
    return z, noise - omega * (1 - a).sqrt() * gradient


def normalised_step(
    z: "Tensor", noise: "Tensor", gradient: "Tensor", omega: float, a: "Tensor"
) -> tuple["Tensor", "Tensor"]:
    """Return latents and noise by form ``normalised``: a step uphill by the fraction ``omega`` of a latent's length."""
    from torch.linalg import vector_norm

    axes = tuple(range(1, z.ndim))
    length = vector_norm(gradient, dim=axes, keepdim=True) + MIN_NORM
    return z + omega * vector_norm(z, dim=axes, keepdim=True) * gradient / length, noise


FORMS = {"normalised": normalised_step, "gradient": gradient_step}
