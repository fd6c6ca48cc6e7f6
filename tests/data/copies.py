"""Pictures for the tests of copies: like photographs, in colour, and what people make of them."""

import io

import numpy as np
from PIL import Image


def photographs(count: int, size: int = 64, seed: int = 0) -> np.ndarray:
    """Return pictures whose detail falls with its fineness, as in photographs: uint8 [N, 3, size, size]."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((count, 3, size, size))
    for cells in (2, 4, 8, 16, 32):
        grey, colour = rng.normal(size=(count, 1, cells, cells)), 0.4 * rng.normal(size=(count, 3, cells, cells))
        pictures += np.kron(grey + colour, np.ones((size // cells, size // cells))) * 60 / cells**0.7
    return np.clip(pictures + 128, 0, 255).astype(np.uint8)


def picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels.transpose(1, 2, 0))


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).transpose(2, 0, 1)


def encoded_again(image: np.ndarray, quality: int = 60) -> np.ndarray:
    buffer = io.BytesIO()
    picture(image).save(buffer, format="JPEG", quality=quality)
    return pixels(Image.open(buffer))


def resized(image: np.ndarray, share: float = 0.6) -> np.ndarray:
    size = image.shape[1]
    small = picture(image).resize((round(share * size),) * 2, Image.Resampling.LANCZOS)
    return pixels(small.resize((size, size), Image.Resampling.LANCZOS))


def cropped(image: np.ndarray, border: int = 1) -> np.ndarray:
    size = image.shape[1]
    return pixels(picture(image).crop((border, border, size - border, size - border)).resize((size, size)))


def brighter(image: np.ndarray, levels: int = 12) -> np.ndarray:
    return np.clip(image.astype(int) + levels, 0, 255).astype(np.uint8)
