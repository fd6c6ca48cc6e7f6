"""Images that are equal or nearly so: re-encoded, resized or slightly cropped copies.

Two images are near duplicates if their `similarity` is high. Each is described by the lowest frequencies of a thumbnail
(8 x 8 of its lightness, 2 x 2 of each colour difference: a perceptual hash, not rounded to bits). Each frequency is
standardised over the data set, so that what all images share, such as a cell in the middle, counts for nothing. The
similarity is the lesser of two correlations, of the standardised frequencies and of the lightness as it is: the latter
is low between images that are alike only because both lack detail.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from understudy.data.decoding import to_picture
from understudy.seeds import numpy_generator

THUMBNAIL = 16
LIGHTNESS, COLOUR = 8, 2
"""Pixels a side of a thumbnail, and frequencies a side of its lightness and of its colour differences."""
MIN_DETAIL = 1.0
"""Grey levels that a thumbnail's lightness varies by, without which an image resembles any other."""
FLOOR = 0.5 / THUMBNAIL
"""Added to a frequency's deviation, in the units of `MIN_DETAIL` by frequency: rounding isn't detail."""
SIMILARITY = (0.9, 0.99)
"""Least similarity of near duplicates: of most data sets, and of one whose images are all alike."""
DEVIATIONS = (5.5, 4.0)
"""Robust deviations above the median similarity, of pairs at random and of those of one class, that near duplicates
exceed: images that show different things hardly get there."""
LARGEST_SHARE, LARGEST = 0.05, 20
"""A set of near duplicates with a larger share of all images, and more than so many, joins what is merely alike."""
SAMPLED_PAIRS = 100_000
BLOCK = 2048


def digest(pixels: np.ndarray) -> bytes:
    """Return what tells images apart by shape and pixels, uint8 [C, H, W]."""
    return hashlib.blake2b(pixels.tobytes(), digest_size=16, key=repr(pixels.shape).encode()).digest()


def first_equal(digests: list[bytes]) -> np.ndarray:
    """Return for each image the first one that equals it, int64 [N]: itself where none comes before."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(one, number) for number, one in enumerate(digests)], dtype=np.int64)


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Return lightness, and for colour the two colour differences, of a small form: uint8 [16, 16] or [16, 16, 3]."""
    small = to_picture(pixels).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return np.asarray(small if small.mode == "L" else small.convert("YCbCr"))


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of images that are nearly equal, the most similar first.

    Attributes
    ----------
    first, second : int64 [P]
        Numbers of the images, ``first < second``.
    similarity : float [P]
    least : float
        The least similarity of near duplicates in this data set; NaN if it can't tell them from images merely alike.

    """

    first: np.ndarray
    second: np.ndarray
    similarity: np.ndarray
    least: float

    def __len__(self) -> int:
        return len(self.first)


NONE_SEARCHED = NearDuplicates(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), float("nan"))


def near_duplicates(thumbnails: np.ndarray, labels: np.ndarray) -> NearDuplicates:
    """Find all pairs of near duplicates among images, none of which equals another.

    Every pair is compared, block by block: a minute for 100,000 images.

    Parameters
    ----------
    thumbnails : uint8 [N, 16, 16] or [N, 16, 16, 3]
    labels : int64 [N]
        Images of one class are alike; how much so says what similarity a pair reaches by chance.
    """
    standardised, lightness, numbers = _described(thumbnails)
    if len(numbers) < 3:  # two alone differ by what tells them apart, however little it is
        return NONE_SEARCHED
    start = _least_similarity(standardised, labels[numbers])
    found = _similar_pairs(standardised, lightness, start)
    for least in (start, SIMILARITY[1]):
        enough = found[2] >= least
        first, second, similarity = (values[enough] for values in found)
        sets = np.bincount(components(len(numbers), first, second)) if len(first) else np.ones(1)
        if sets.max() <= max(LARGEST, LARGEST_SHARE * len(numbers)):
            order = np.lexsort((second, first, -similarity))
            return NearDuplicates(numbers[first[order]], numbers[second[order]], similarity[order], least)
    return NONE_SEARCHED


def components(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return for each of ``count`` things the number of the set that pairs join it to, int64 [N]."""
    pairs = coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(count, count))
    return connected_components(pairs, directed=False)[1].astype(np.int64)


def _described(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unit vectors of standardised frequencies and of lightness, float32, for images with detail, and these."""
    planes = thumbnails[..., None] if thumbnails.ndim == 3 else thumbnails
    waves = dctn(planes.astype(np.float32), axes=(1, 2), norm="ortho") / THUMBNAIL
    parts = [waves[:, :side, :side, plane].reshape(len(waves), -1)
             for plane, side in enumerate((LIGHTNESS, COLOUR, COLOUR)[: planes.shape[-1]])]  # fmt: skip
    parts[0] = parts[0][:, 1:]  # without the mean: another exposure is no other picture
    numbers = np.flatnonzero(np.linalg.norm(parts[0], axis=1) >= MIN_DETAIL)
    frequencies = np.concatenate(parts, axis=1)[numbers]
    if not len(numbers):
        return frequencies, frequencies, numbers
    standardised = (frequencies - frequencies.mean(axis=0)) / (frequencies.std(axis=0) + FLOOR)
    return _unit(standardised), _unit(parts[0][numbers]), numbers


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))


def _least_similarity(standardised: np.ndarray, labels: np.ndarray) -> float:
    """Return the similarity that pairs at random, of a class or not, stay well below, within the bounds of both ends.

    The deviation is the robust one: copies among the pairs don't widen it.
    """
    rng = numpy_generator(0)
    first = rng.integers(len(labels), size=SAMPLED_PAIRS)
    second = (first + rng.integers(1, len(labels), size=SAMPLED_PAIRS)) % len(labels)
    similarity = np.concatenate([(standardised[a] * standardised[b]).sum(axis=1) for a, b in _chunks(first, second)])
    limits = []
    chosen_pairs = (similarity, similarity[labels[first] == labels[second]])
    for chosen, deviations in zip(chosen_pairs, DEVIATIONS, strict=True):
        if len(chosen):
            median = np.median(chosen)
            limits.append(median + deviations * 1.4826 * np.median(np.abs(chosen - median)))
    return float(np.clip(max(limits), *SIMILARITY))


def _similar_pairs(
    standardised: np.ndarray, lightness: np.ndarray, least: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pairs of at least this similarity, with it."""
    found = []
    for row in range(0, len(standardised), BLOCK):
        for column in range(row, len(standardised), BLOCK):
            block = standardised[row : row + BLOCK] @ standardised[column : column + BLOCK].T
            if row == column:
                block = np.triu(block, 1)
            first, second = np.nonzero(block >= least)
            for a, b in _chunks(first + row, second + column):
                both = np.minimum(block[a - row, b - column], (lightness[a] * lightness[b]).sum(axis=1))
                enough = both >= least
                found.append((a[enough], b[enough], both[enough].astype(np.float64)))
    return tuple(np.concatenate(values) for values in zip(*found, strict=True)) if found else (
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))  # fmt: skip


def _chunks(first: np.ndarray, second: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut pairs into pieces whose vectors fit into memory."""
    starts = range(0, len(first), SAMPLED_PAIRS)
    return [(first[start : start + SAMPLED_PAIRS], second[start : start + SAMPLED_PAIRS]) for start in starts]
