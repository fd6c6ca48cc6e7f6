"""What a step of StyleGAN2 does with penalties and with r_t, against the arithmetic of the reference by hand."""

import pytest
import torch

from tests.generators.small import CPU, made_up_images, small_stylegan2
from understudy.generators.batches import RealImages
from understudy.generators.stylegan2_step import StyleGAN2Step


def stepper(members: int = 1, **changes) -> tuple[StyleGAN2Step, RealImages]:
    """Return the step of a small GAN, or of one per class, and its images."""
    settings, data, seeds = small_stylegan2(**changes), made_up_images(), range(members)
    real = RealImages(data, seeds, CPU, group=settings.class_group)
    return StyleGAN2Step(settings, 8, 1, real.label_count, seeds, CPU), real


@pytest.mark.parametrize("members", [1, 3])
def test_a_weight_without_a_part_in_the_penalty_is_stepped_with_a_gradient_of_zero(members, monkeypatch):
    method, real = stepper(members, r1_gamma=1.0, r1_interval=2)
    bias, optimizer = method.discriminator.parameters["out.bias"], method.optimizers["discriminator"]
    squares, beta, steps = torch.zeros_like(bias), optimizer.param_groups[0]["betas"][1], 0
    plain = optimizer.step

    def checked() -> None:
        nonlocal squares, steps
        squares, steps = beta * squares + (1 - beta) * bias.grad.square(), steps + 1
        plain()

    monkeypatch.setattr(optimizer, "step", checked)
    for number in range(4):
        method.step(number, real)
        if number % 2 == 0:  # the penalty was the last step
            assert not bias.grad.any()
    assert steps == 6
    torch.testing.assert_close(optimizer.state[bias]["exp_avg_sq"], squares)
    assert {int(state["step"]) for state in optimizer.state.values()} == {6}
    assert len(optimizer.state) == len(method.discriminator.parameters)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize(("r1_interval", "ada_interval"), [(16, 4), (4, 4), (3, 5), (1, 2)])
def test_r_is_the_mean_sign_of_all_batches_of_real_images_those_of_penalties_among_them(
    members, r1_interval, ada_interval
):
    method, real = stepper(members, r1_gamma=1.0, r1_interval=r1_interval, ada_interval=ada_interval)
    seen = []
    plain = method._count_signs
    method._count_signs = lambda logits: (seen.append(logits.detach().sign()), plain(logits))
    for number in range(2 * ada_interval):
        method.step(number, real)
        if (number + 1) % ada_interval == 0:
            steps = range(number + 1 - ada_interval, number + 1)
            assert len(seen) == ada_interval + sum(step % r1_interval == 0 for step in steps)
            assert all(signs.shape == (members, 8) for signs in seen)
            torch.testing.assert_close(method.scalars["r"], torch.cat(seen, dim=1).mean(dim=1))
            seen.clear()


def test_without_a_penalty_r_is_the_mean_over_steps():
    method, real = stepper(r1_gamma=0.0, ada_interval=3)
    for number in range(2):
        method.step(number, real)
    assert method.scalars["batches"].item() == 2
    method.step(2, real)
    assert method.scalars["batches"].item() == method.scalars["signs"].item() == 0


@pytest.mark.parametrize("members", [1, 2])
def test_the_path_lengths_average_starts_with_a_hundredth_of_their_mean(members):
    method, real = stepper(members, path_length_weight=2.0, path_length_interval=2)
    assert not method.scalars["mean_path_length"].any()
    method.step(0, real)
    first = method.scalars["mean_path_length"].clone()
    assert (first > 0).all() and first.isfinite().all()
    method.step(1, real)
    assert torch.equal(method.scalars["mean_path_length"], first)
    method.step(2, real)
    assert not torch.equal(method.scalars["mean_path_length"], first)
