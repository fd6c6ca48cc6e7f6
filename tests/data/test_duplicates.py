import numpy as np
import pytest

from tests.data import copies
from understudy.data import duplicates
from understudy.data.duplicates import digest, first_equal, near_duplicates, thumbnail


def found(images, labels=None):
    """Return the pairs of near duplicates among images, as a set."""
    labels = np.zeros(len(images), int) if labels is None else np.asarray(labels)
    near = near_duplicates(np.stack([thumbnail(image) for image in images]), labels)
    return set(zip(near.first.tolist(), near.second.tolist(), strict=True))


def noise(count, size, shade=128, deviation=20, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(shade, deviation, (count, 3, size, size)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: copies.encoded_again(image, 30),
        lambda image: copies.encoded_again(image, 90),
        lambda image: copies.resized(image, 0.5),
        lambda image: copies.resized(image, 1.3),
        copies.cropped,
        copies.brighter,
        lambda image: np.clip(image.astype(int) + np.random.default_rng(1).integers(-3, 4, image.shape), 0, 255).astype(
            np.uint8
        ),
    ],
)
@pytest.mark.parametrize("size", [32, 64])
def test_copies_are_found_and_nothing_else(change, size):
    images = copies.photographs(60, size)
    changed = np.stack([change(image) for image in images[:20]])
    assert found(np.concatenate([images, changed])) == {(number, 60 + number) for number in range(20)}


@pytest.mark.parametrize("count", [3, 4, 6])
def test_copies_are_found_in_the_smallest_sets(count):
    images = copies.photographs(count - 1)
    assert found([*images, copies.encoded_again(images[0])]) == {(0, count - 1)}


def stars():
    """Dark pictures with a few bright points: alike for having nothing in them."""
    rng = np.random.default_rng(2)
    lit = (rng.random((80, 1, 64, 64)) < 0.003) * 255
    return np.repeat(np.maximum(lit, rng.integers(0, 6, lit.shape)), 3, axis=1).astype(np.uint8)


def shapes():
    """Five shapes, each in the same place, under noise: those of a class differ by the noise alone."""
    shape = np.kron(np.random.default_rng(3).normal(128, 50, (5, 3, 4, 4)), np.ones((8, 8)))
    pictures = shape[np.arange(100) % 5] + np.random.default_rng(4).normal(0, 20, (100, 3, 32, 32))
    return np.clip(pictures, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (copies.photographs(200), None),
        (noise(100, 8), None),
        (np.concatenate([noise(50, 8, 100), noise(50, 8, 140, seed=1)]), [0] * 50 + [1] * 50),
        (noise(100, 32), None),
        (stars(), None),
        (shapes(), np.arange(100) % 5),
        (np.repeat(np.arange(60, dtype=np.uint8), 3 * 16 * 16).reshape(60, 3, 16, 16), None),
        (copies.photographs(60)[:, :, :, ::-1], None),
        (noise(2, 32), None),
    ],
    ids=["photographs", "tiny", "two shades", "noise", "stars", "shapes", "plain", "mirrored alone", "two images"],
)
def test_other_pictures_are_not_taken_for_copies(images, labels):
    assert not found(images, labels)


def test_digits_have_no_copies():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]
    assert not found(images, digits.target)
    assert len(set(map(digest, images))) == len(images)
    larger = np.kron(images, np.ones((3, 3), np.uint8))
    assert not found(larger, digits.target)


def test_mirrored_and_turned_pictures_are_others():
    images = copies.photographs(40)
    assert not found(np.concatenate([images, images[:, :, :, ::-1], images[:, :, ::-1]]))


def test_blocks_give_what_one_product_gives(monkeypatch):
    images = copies.photographs(50)
    images = np.concatenate([images, [copies.encoded_again(image) for image in images[::2]]])
    thumbnails = np.stack([thumbnail(image) for image in images])
    whole = near_duplicates(thumbnails, np.zeros(75, int))
    monkeypatch.setattr(duplicates, "BLOCK", 7)
    monkeypatch.setattr(duplicates, "SAMPLED_PAIRS", 1000)
    cut = near_duplicates(thumbnails, np.zeros(75, int))
    assert len(whole) == 25
    assert cut.first.tolist() == whole.first.tolist() and cut.second.tolist() == whole.second.tolist()
    assert np.allclose(cut.similarity, whole.similarity, atol=1e-5)
    assert np.all(np.diff(whole.similarity) <= 0)


def test_what_links_a_large_share_is_no_duplicate():
    """A film: each frame resembles the next, so that all would be one group, and no split possible."""
    rng = np.random.default_rng(0)
    scene = copies.photographs(1, 512)[0]
    frames = [scene[:, 100:164, start : start + 64] for start in np.sort(rng.integers(0, 440, 200))]
    near = near_duplicates(np.stack([thumbnail(frame) for frame in frames]), np.zeros(200, int))
    sets = np.bincount(duplicates.components(200, near.first, near.second))
    assert np.isnan(near.least) or sets.max() <= 20


def test_equal_means_every_pixel_and_the_shape():
    image = copies.photographs(1, 32)[0]
    other = image.copy()
    other[0, 0, 0] ^= 1
    digests = [digest(one) for one in (image, image.copy(), other, image.reshape(3, 16, 64), image[:, :, ::-1])]
    assert first_equal(digests).tolist() == [0, 0, 2, 3, 4]
