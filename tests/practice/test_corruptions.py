import numpy as np
import pytest

from tests.practice.small import real_images
from understudy.practice.corruptions import CORRUPTIONS, corrupt

IMAGES = real_images(40, channels=3, size=16).images


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_none_at_strength_zero_and_repeatable_above(name):
    assert np.array_equal(corrupt(IMAGES, name, 0, 3), IMAGES)
    strength = 20 if name == "rotation" else 0.5
    corrupted = corrupt(IMAGES, name, strength, 3)
    assert corrupted.shape == IMAGES.shape and corrupted.dtype == np.uint8
    assert not np.array_equal(corrupted, IMAGES)
    assert np.array_equal(corrupted, corrupt(IMAGES, name, strength, 3))


def test_the_greatest_fraction_leaves_nothing_of_an_image():
    limited = [name for name, corruption in CORRUPTIONS.items() if corruption.limit == 1]
    assert limited == ["contrast", "occlusion", "translation"]
    for name in limited:
        assert (corrupt(IMAGES, name, 1, 3).std((1, 2, 3)) == 0).all()


def test_noise_has_its_strength_as_standard_deviation():
    grey = np.full((50, 1, 16, 16), 128, np.uint8)
    assert corrupt(grey, "gaussian_noise", 0.1, 0).std() == pytest.approx(25.5, rel=0.03)


def test_brightness_is_cut_at_white():
    assert np.array_equal(corrupt(IMAGES, "brightness", 0.2, 0), np.minimum(IMAGES.astype(int) + 51, 255))


def test_occlusion_blackens_a_square():
    black = (corrupt(np.full((20, 1, 16, 16), 9, np.uint8), "occlusion", 0.25, 0) == 0).sum((1, 2, 3))
    assert (black == 16).all()


def test_translation_moves_by_whole_pixels():
    image = np.zeros((30, 1, 8, 8), np.uint8)
    image[:, :, 4, 4] = 255
    moved = corrupt(image, "translation", 0.25, 0)
    assert {tuple(np.argwhere(one[0])[0]) for one in moved} == {(4, 2), (4, 6), (2, 4), (6, 4)}


def test_a_blurred_image_keeps_its_mean():
    blurred = corrupt(IMAGES, "gaussian_blur", 1.0, 0)
    assert blurred.mean() == pytest.approx(IMAGES.mean(), rel=0.02) and blurred.std() < IMAGES.std()


def test_rotation_by_a_quarter_turn():
    image = np.zeros((40, 1, 9, 9), np.uint8)
    image[:, :, 0, 4] = 255
    turned = corrupt(image, "rotation", 90, 0)
    assert {tuple(np.argwhere(one[0])[0]) for one in turned} == {(4, 0), (4, 8)}
