import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.devices import torch_generator
from understudy.generators.augmentation import AdaptiveAugmentation, adjust_probability, reflect
from understudy.generators.settings import BLIT, COLOUR, GEOMETRIC

EVERYTHING = BLIT + GEOMETRIC + COLOUR


def picture(count: int = 6, channels: int = 3, size: int = 8) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=torch_generator(0)) * 2 - 1


def uniform(pipeline: AdaptiveAugmentation, count: int = 6) -> torch.Tensor:
    return torch.rand(count, pipeline.numbers, generator=torch_generator(1))


@pytest.mark.parametrize(("size", "channels"), [(4, 1), (8, 3), (32, 3)])
def test_everything_at_p_zero_is_the_identity(size, channels):
    pipeline, images = AdaptiveAugmentation(EVERYTHING, size, channels), picture(channels=channels, size=size)
    augmented = pipeline(images, torch.zeros(6), uniform(pipeline))
    torch.testing.assert_close(augmented, images, atol=2e-5, rtol=0)


def test_everything_at_p_one_changes_every_image():
    pipeline, images = AdaptiveAugmentation(EVERYTHING, 8, 3), picture()
    changes = (pipeline(images, torch.ones(6), uniform(pipeline)) - images).abs().amax(dim=(1, 2, 3))
    assert (changes > 0.1).all()


def test_about_p_of_all_images_are_changed():
    images, count = picture(1).expand(1000, -1, -1, -1), 1000
    # Some numbers leave an image as it is: one flip of two, one turn of four, the middle shifts in both directions.
    idle = {"flip": 1 / 2, "luma_flip": 1 / 2, "rotate90": 1 / 4, "shift": 1 / 4}
    for name in EVERYTHING:
        pipeline = AdaptiveAugmentation((name,), 8, 3)
        augmented = pipeline(images, torch.full((count,), 0.4), uniform(pipeline, count))
        changed = ((augmented - images).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean().item()
        assert changed == pytest.approx(0.4 * (1 - idle.get(name, 0)), abs=0.04), name


def test_blits_copy_pixels_as_flip_and_rot90_do():
    pipeline, images = AdaptiveAugmentation(BLIT, 8, 3), picture(1)
    still = torch.zeros(1, dtype=torch.int64)
    for flip in (0, 1):
        for turns in range(4):
            expected = torch.rot90(images.flip(-1) if flip else images, turns, dims=(2, 3))
            assert torch.equal(pipeline.blit(images, still + flip, still + turns, still, still), expected)
    moved = pipeline.blit(images, still, still, still + 1, still - 2)
    assert torch.equal(moved[:, :, 1:, :-2], images[:, :, :-1, 2:])


def test_flips_and_turns_at_p_one_are_inverted_exactly():
    pipeline, images = AdaptiveAugmentation(("flip", "rotate90"), 8, 3), picture(64)
    flip, turns, down, right = pipeline.sample_blit(torch.ones(64), iter(uniform(pipeline, 64).T))
    assert flip.any() and turns.unique().numel() == 4
    once = pipeline.blit(images, flip, turns, down, right)
    unturned = pipeline.blit(once, torch.zeros_like(flip), -turns % 4, down, right)
    assert torch.equal(pipeline.blit(unturned, flip, torch.zeros_like(turns), down, right), images)


def test_colours_at_p_one_are_inverted_by_the_inverse_matrix():
    pipeline, images = AdaptiveAugmentation(COLOUR, 8, 3), picture(64)
    transform = pipeline.sample_colour(torch.ones(64), iter(uniform(pipeline, 64).T))
    last = torch.tensor([0.0, 0, 0, 1]).expand(64, 1, 4)
    inverse = torch.linalg.inv(torch.cat([transform, last], dim=1))[:, :3]
    torch.testing.assert_close(pipeline.recolour(pipeline.recolour(images, transform), inverse), images,
                               atol=1e-3, rtol=1e-3)  # fmt: skip


def test_hue_and_luma_flip_keep_what_they_should():
    images = picture(64)
    hue = AdaptiveAugmentation(("hue",), 8, 3)
    turned = hue(images, torch.ones(64), uniform(hue, 64))
    torch.testing.assert_close(turned.mean(dim=1), images.mean(dim=1))
    torch.testing.assert_close(turned.square().sum(dim=1), images.square().sum(dim=1))
    flip = AdaptiveAugmentation(("luma_flip",), 8, 3)
    flipped = flip(images, torch.ones(64), torch.zeros(64, 2))
    torch.testing.assert_close(flipped.mean(dim=1), -images.mean(dim=1))
    torch.testing.assert_close(flipped[:, 0] - flipped[:, 1], images[:, 0] - images[:, 1])


def test_grey_images_are_recoloured_as_the_mean_of_equal_channels():
    grey, colour = AdaptiveAugmentation(COLOUR, 8, 1), AdaptiveAugmentation(COLOUR, 8, 3)
    images, numbers = picture(64, channels=1), uniform(grey, 64)
    expected = colour(images.expand(-1, 3, -1, -1), torch.ones(64), numbers).mean(dim=1, keepdim=True)
    torch.testing.assert_close(grey(images, torch.ones(64), numbers), expected)


def turn(angle: float) -> torch.Tensor:
    cos, sin = math.cos(angle), math.sin(angle)
    return torch.tensor([[[cos, sin, 0.0], [-sin, cos, 0.0]]])


def test_warping_by_whole_pixels_and_quarter_turns_copies():
    # A smooth image: at quarter turns an asymmetric filter meets the image from another side.
    pipeline = AdaptiveAugmentation(GEOMETRIC, 16, 1)
    y, x = torch.meshgrid(torch.linspace(-3, 3, 16), torch.linspace(-3, 3, 16), indexing="ij")
    images = torch.exp(-((x - 0.5) ** 2) / 2 - y**2)[None, None]
    moved = pipeline.warp(images, torch.tensor([[[1.0, 0, -3], [0, 1, 2]]]))
    torch.testing.assert_close(moved[..., 2:-2, 3:], images[..., 4:, :-3], atol=1e-4, rtol=0)
    for quarter in (1, 2, 3):
        expected = torch.rot90(images, quarter, dims=(2, 3))
        torch.testing.assert_close(pipeline.warp(images, turn(-quarter * math.pi / 2)), expected, atol=0.02, rtol=0)


def test_warping_back_restores_a_smooth_image():
    pipeline = AdaptiveAugmentation(GEOMETRIC, 32, 1)
    y, x = torch.meshgrid(torch.linspace(-3, 3, 32), torch.linspace(-3, 3, 32), indexing="ij")
    images = torch.exp(-(x**2) - 0.5 * y**2)[None, None]
    there, back = torch.tensor([[[0.8, 0, 1.3], [0, 1.25, -0.7]]]), torch.tensor([[[1.25, 0, -1.625], [0, 0.8, 0.56]]])
    middle = (..., slice(8, -8), slice(8, -8))  # what was moved out of the image is lost
    restored = pipeline.warp(pipeline.warp(images, there), back)
    torch.testing.assert_close(restored[middle], images[middle], atol=0.02, rtol=0)


def test_augmented_images_can_be_differentiated_twice():
    pipeline = AdaptiveAugmentation(EVERYTHING, 4, 3).double()
    images = picture(2, size=4).double().requires_grad_()
    numbers, p = uniform(pipeline, 2).double(), torch.full((2,), 0.7).double()
    assert torch.autograd.gradgradcheck(lambda x: pipeline(x, p, numbers).square(), images, check_batched_grad=False)


@given(st.integers(-100, 100), st.integers(1, 12))
def test_reflection_walks_to_and_fro(index, size):
    there_and_back = [*range(size), *range(size - 2, 0, -1)]
    assert reflect(torch.tensor(index), size).item() == there_and_back[index % len(there_and_back)]


@settings(max_examples=25)
@given(st.floats(0.1, 0.9), st.floats(0, 1))
def test_the_controller_settles_where_r_meets_its_target(target, start):
    # A discriminator that overfits less the more it is augmented: r_t = 1 - p, so that the fixed point is 1 - target.
    p = torch.tensor([start])
    for _ in range(600):
        p = adjust_probability(p, 1 - p, target, images=4 * 64, ada_kimg=50)
    assert p.item() == pytest.approx(1 - target, abs=2 * 4 * 64 / 50_000)


def test_the_controller_stays_a_probability_and_moves_at_its_speed():
    p = torch.tensor([0.5, 0.0, 1.0])
    moved = adjust_probability(p, torch.tensor([0.9, -1.0, 1.0]), 0.6, images=256, ada_kimg=500)
    torch.testing.assert_close(moved, torch.tensor([0.5 + 256 / 500_000, 0.0, 1.0]))
