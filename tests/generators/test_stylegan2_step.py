"""The optimizers that a lazy penalty slows (Karras et al. 2020, appendix B)."""

import pytest
import torch

from tests.generators.small import small_stylegan2
from understudy.generators.settings import CIFAR_STYLEGAN2, PRESETS
from understudy.generators.stylegan2_step import StyleGAN2Step


@pytest.mark.parametrize(
    ("changes", "lowered"),
    [
        (dict(path_length_weight=0, lazy_generator=False), False),
        (dict(path_length_weight=0, lazy_generator=True), True),  # the published CIFAR-10 setting
        (dict(path_length_weight=2, lazy_generator=False), True),
    ],
)
def test_a_lazy_penalty_lowers_rate_and_decay(changes, lowered):
    settings = small_stylegan2(learning_rate=2.5e-3, path_length_interval=4, r1_gamma=1, r1_interval=16, **changes)
    method = StyleGAN2Step(settings, 8, 1, 3, [0], 10, torch.device("cpu"))
    (generator,) = method.generator_optimizer.param_groups
    (discriminator,) = method.discriminator_optimizer.param_groups
    c = 4 / 5 if lowered else 1
    assert (generator["lr"], *generator["betas"]) == pytest.approx((2.5e-3 * c, 0, 0.99**c))
    c = 16 / 17
    assert (discriminator["lr"], *discriminator["betas"]) == pytest.approx((2.5e-3 * c, 0, 0.99**c))


def test_the_cifar_preset_slows_its_generator_as_the_reference_does():
    assert CIFAR_STYLEGAN2.lazy_generator and not CIFAR_STYLEGAN2.path_length_weight
    assert not PRESETS["digits", "stylegan2"].lazy_generator
