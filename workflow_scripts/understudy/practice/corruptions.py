"""Corruptions of test images: how a learner does on images that are shifted from those it was meant for.

Those that ImageNet-C (Hendrycks and Dietterich 2019) has bear its names. A new one is a function and an entry of
``CORRUPTIONS``; what it imports beside NumPy it imports itself, since a configuration is checked without torch. Each
takes uint8 images [N, C, H, W] and a strength, and returns uint8 images of the same shape. Random ones draw from a
generator of the corruption's own, so that every learner meets the same images.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from understudy.seeds import numpy_generator, seed_for


@dataclass(frozen=True)
class Corruption:
    """A corruption: its function, what its strength is, and the greatest strength."""

    apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    strength: str
    limit: float = math.inf


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def gaussian_noise(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation ``strength`` * 255."""
    return _bytes(images + rng.normal(0, 255 * strength, images.shape))


def gaussian_blur(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of standard deviation ``strength`` pixels.

    By SciPy: torchvision's function rejects a strength of 0, needs the kernel's size, and reflects at the borders
    without their pixels.
    """
    from scipy import ndimage

    return _bytes(ndimage.gaussian_filter(images.astype(float), (0, 0, strength, strength)))


def contrast(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Bring pixels nearer to their image's mean: 0 leaves them, 1 leaves a grey field."""
    mean = images.mean((1, 2, 3), keepdims=True)
    return _bytes(mean + (1 - strength) * (images - mean))


def brightness(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Add ``strength`` * 255 to every pixel."""
    return _bytes(images + 255.0 * strength)


def occlusion(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Blacken a square of side ``strength`` * the image's side somewhere in each image."""
    corrupted, side = images.copy(), images.shape[-1]
    hole = round(strength * side)
    for image in corrupted:
        top, left = rng.integers(0, side - hole + 1, 2)
        image[:, top : top + hole, left : left + hole] = 0
    return corrupted


def rotation(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Turn each image by ``strength`` degrees, to either side at random."""
    from torch import from_numpy
    from torchvision.transforms.v2 import InterpolationMode, functional

    sides = rng.choice([-1, 1], len(images))
    turned = np.empty_like(images)
    for side in (-1, 1):
        part = from_numpy(images[sides == side])
        turned[sides == side] = functional.rotate(part, side * strength, interpolation=InterpolationMode.BILINEAR)
    return turned


def translation(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Move each image by ``strength`` * its side, left, right, up or down at random; what is uncovered is black."""
    from torch import from_numpy
    from torchvision.transforms.v2 import functional

    pixels, size = round(strength * images.shape[-1]), images.shape[2:]
    directions = rng.integers(0, 4, len(images))
    moved = np.empty_like(images)
    for direction, (down, right) in enumerate([(0, -pixels), (0, pixels), (-pixels, 0), (pixels, 0)]):
        part = from_numpy(images[directions == direction])
        moved[directions == direction] = functional.crop(part, -down, -right, *size)
    return moved


CORRUPTIONS = {
    "gaussian_noise": Corruption(gaussian_noise, "standard deviation as a fraction of white"),
    "gaussian_blur": Corruption(gaussian_blur, "standard deviation in pixels"),
    "contrast": Corruption(contrast, "fraction of the contrast that is lost", limit=1),
    "brightness": Corruption(brightness, "fraction of white that is added"),
    "occlusion": Corruption(occlusion, "fraction of the side that is black", limit=1),
    "rotation": Corruption(rotation, "degrees"),
    "translation": Corruption(translation, "fraction of the side", limit=1),
}


def corrupt(images: np.ndarray, name: str, strength: float, seed: int) -> np.ndarray:
    """Return the images corrupted by the entry of ``CORRUPTIONS`` called ``name``."""
    return CORRUPTIONS[name].apply(images, strength, numpy_generator(seed_for(seed, "corruption", name)))
