"""Corruptions of test images: how a learner does on images that are shifted from those it was meant for.

Each takes uint8 images [N, C, H, W] and a strength, and returns uint8 images of the same shape. Random ones draw from
a generator of the corruption's own, so that every learner meets the same images.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy import ndimage
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from understudy.seeds import numpy_generator, seed_for

Corruption = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def gaussian_noise(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation ``strength`` * 255."""
    return _bytes(images + chance.normal(0, 255 * strength, images.shape))


def blur(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of standard deviation ``strength`` pixels."""
    return _bytes(ndimage.gaussian_filter(images.astype(float), (0, 0, strength, strength)))


def contrast(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Bring pixels nearer to their image's mean: 0 leaves them, 1 leaves a grey field."""
    mean = images.mean((1, 2, 3), keepdims=True)
    return _bytes(mean + (1 - strength) * (images - mean))


def brightness(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Add ``strength`` * 255 to every pixel."""
    return _bytes(images + 255.0 * strength)


def occlusion(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Blacken a square of side ``strength`` * the image's side at a random place of each image."""
    corrupted, side = images.copy(), images.shape[-1]
    hole = round(strength * side)
    for image in corrupted:
        top, left = chance.integers(0, side - hole + 1, 2)
        image[:, top : top + hole, left : left + hole] = 0
    return corrupted


def rotation(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Turn each image by ``strength`` degrees, to either side at random."""
    sides = chance.choice([-1, 1], len(images))
    turned = np.empty_like(images)
    for side in (-1, 1):
        part = torch.from_numpy(images[sides == side])
        bilinear = InterpolationMode.BILINEAR
        turned[sides == side] = transforms.rotate(part, side * strength, interpolation=bilinear).numpy()
    return turned


def translation(images: np.ndarray, strength: float, chance: np.random.Generator) -> np.ndarray:
    """Move each image by ``strength`` * its side, left, right, up or down at random; what is uncovered is black."""
    moved = np.zeros_like(images)
    pixels = round(strength * images.shape[-1])
    for place, direction in enumerate(chance.integers(0, 4, len(images))):
        rows, columns = [(0, -pixels), (0, pixels), (-pixels, 0), (pixels, 0)][direction]
        height, width = images.shape[2:]
        to = moved[place, :, max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
        to[...] = images[place, :, max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)]
    return moved


CORRUPTIONS: dict[str, Corruption] = {
    function.__name__: function
    for function in (gaussian_noise, blur, contrast, brightness, occlusion, rotation, translation)
}


def corrupt(images: np.ndarray, name: str, strength: float, seed: int) -> np.ndarray:
    """Return the images corrupted by the function called ``name``."""
    return CORRUPTIONS[name](images, strength, numpy_generator(seed_for(seed, "corruption", name)))
