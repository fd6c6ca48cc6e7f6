import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
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


def test_turns_copy_pixels_as_flip_and_rot90_do():
    pipeline, images = AdaptiveAugmentation(("flip", "rotate90"), 8, 3), picture(1)
    still = torch.zeros(1, dtype=torch.int64)
    for flip in (0, 1):
        for turns in range(4):
            expected = torch.rot90(images.flip(-1) if flip else images, turns, dims=(2, 3))
            assert torch.equal(pipeline.turn(images, still + flip, still + turns), expected)


def test_flips_and_turns_at_p_one_are_inverted_exactly():
    pipeline, images = AdaptiveAugmentation(("flip", "rotate90"), 8, 3), picture(64)
    flip, turns = pipeline.sample_turn(torch.ones(64), iter(uniform(pipeline, 64).T))
    assert flip.any() and turns.unique().numel() == 4
    unturned = pipeline.turn(pipeline.turn(images, flip, turns), torch.zeros_like(flip), -turns % 4)
    assert torch.equal(pipeline.turn(unturned, flip, torch.zeros_like(turns)), images)


def test_a_shift_moves_by_whole_pixels_up_to_an_eighth_and_mirrors_the_edges():
    pipeline, images = AdaptiveAugmentation(("shift",), 16, 1), picture(25, channels=1, size=16)
    places = torch.arange(-2, 3)
    down, right = torch.cartesian_prod(places, places).T
    numbers = torch.stack([torch.zeros(25), down / 4 + 0.5, right / 4 + 0.5], dim=1).clamp(0, 1 - 1e-6)
    shifted = pipeline(images, torch.ones(25), numbers)
    for one, image, y, x in zip(shifted, images, down.tolist(), right.tolist(), strict=True):
        padded = np.pad(image[0].numpy(), 2, mode="reflect")
        expected = torch.from_numpy(padded[2 - y : 18 - y, 2 - x : 18 - x])
        torch.testing.assert_close(one[0], expected, atol=2e-5, rtol=0)


def test_an_image_that_is_shifted_out_of_the_frame_and_back_is_whole():
    # With two resamplings in place of one, rows at the edge would be lost to the mirror.
    pipeline, images = AdaptiveAugmentation(("shift", "subpixel"), 8, 3), picture(1)
    down, right = 1, -1
    quantiles = [NormalDist().cdf(-pixels / (0.125 * 8)) for pixels in (right, down)]
    numbers = torch.tensor([[0.0, down / 2 + 0.49, right / 2 + 0.51, 0.0, *quantiles]])
    torch.testing.assert_close(pipeline(images, torch.ones(1), numbers), images, atol=1e-4, rtol=0)


def rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]])


def source_of_pixels(numbers: np.ndarray, size: int) -> np.ndarray:
    """Return where the pixels of an augmented image come from, [3, size, size], by scalar arithmetic in float64."""
    numbers = iter(numbers.tolist())

    def normal() -> float:
        return NormalDist().inv_cdf(next(numbers))

    def chosen(matrix: Callable[[], np.ndarray]) -> np.ndarray:
        next(numbers)  # p = 1: whatever it is, the augmentation is applied
        return matrix()

    def shift() -> np.ndarray:
        down, right = (round((next(numbers) - 0.5) * size / 4) for _ in range(2))
        return np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])

    def subpixel() -> np.ndarray:
        right, down = (normal() * size / 8 for _ in range(2))
        return np.array([[1, 0, -right], [0, 1, -down], [0, 0, 1]])

    def stretch(across: int) -> np.ndarray:
        factor = 2 ** (-0.2 * normal())
        return np.diag([factor, factor**across, 1])

    moves = [shift, lambda: stretch(1), lambda: rotation((2 * next(numbers) - 1) * math.pi), lambda: stretch(-1),
             lambda: rotation((2 * next(numbers) - 1) * math.pi), subpixel]  # fmt: skip
    whole = np.linalg.multi_dot([chosen(move) for move in moves])
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.tensordot(whole, np.stack([x, y, np.ones_like(x)]), axes=1)


def test_shift_and_all_geometric_augmentations_are_one_resampling_of_the_mirrored_image():
    # Cosines with a whole number of half waves between the centres of the outermost pixels go on beyond the edges as
    # the mirrored image does: wherever a pixel comes from, its value is known.
    size, pipeline = 32, AdaptiveAugmentation(("shift", *GEOMETRIC), 32, 1)

    def wave(x, y):
        def half_waves(z, count):
            return np.cos(math.pi * count * (z / (size - 1) + 0.5))

        return half_waves(x, 2) * half_waves(y, 1) + half_waves(y, 3) / 2

    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    images = torch.from_numpy(wave(x, y)).float().expand(40, 1, -1, -1)
    numbers = uniform(pipeline, 40).double()
    expected = [wave(*source_of_pixels(one, size)[:2]) for one in numbers.numpy()]
    augmented = pipeline(images, torch.ones(40), numbers.float())[:, 0]
    torch.testing.assert_close(augmented, torch.from_numpy(np.stack(expected)).float(), atol=0.01, rtol=0)


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
