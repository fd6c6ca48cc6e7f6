"""Image files: their pixels as eight bits a channel, grey or colour."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from understudy.errors import StudyError

# Formats of which some versions of Pillow read 16-bit grey as mode I, with values up to 65535.
WIDE_FORMATS = ("PNG", "PPM")


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    StudyError
        If it can't be read, as a link that leads nowhere.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StudyError(f"{path} can't be read ({error.strerror}); repair or remove it") from error


def decode(content: bytes, name: str) -> np.ndarray:
    """Decode an image file's bytes to uint8 [C, H, W]: one channel if it is grey, else three.

    Raises
    ------
    StudyError
        As :func:`decode_picture`.
    """
    return to_array(decode_picture(content, name))


def to_array(picture: Image.Image) -> np.ndarray:
    """Return a picture of mode L or RGB as an array [C, H, W], uint8."""
    pixels = np.asarray(picture)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def to_picture(image: np.ndarray) -> Image.Image:
    """Return a uint8 array [C, H, W] with 1 or 3 channels as a picture."""
    return Image.fromarray(image[0] if image.shape[0] == 1 else np.ascontiguousarray(image.transpose(1, 2, 0)))


def decode_picture(content: bytes, name: str) -> Image.Image:
    """Decode an image file's bytes to a picture of mode L if it is grey, else RGB.

    Sixteen bits of grey are scaled to eight; black and white are grey; an alpha channel is left out.

    Raises
    ------
    StudyError
        If the bytes are not an image, or one of too many pixels or of unknown range; ``name`` says which.
    """
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return _eight_bits(picture, name)
    except Image.DecompressionBombError as error:
        raise StudyError(
            f"{name} has more than {2 * Image.MAX_IMAGE_PIXELS} pixels or a broken header; make it smaller or remove it"
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        # Of an unknown format Pillow says the memory that the file was read into, which tells nobody anything.
        reason = "of no known format" if isinstance(error, UnidentifiedImageError) else str(error)
        raise StudyError(f"{name} is not a readable image ({reason}); repair or remove it") from error


def _eight_bits(picture: Image.Image, name: str) -> Image.Image:
    if picture.mode in ("L", "RGB"):
        picture.load()  # before its file is closed
        return picture
    if picture.mode in ("1", "LA"):
        return picture.convert("L")
    if picture.mode not in ("I", "F") and not picture.mode.startswith("I;16"):
        return picture.convert("RGB")
    values = np.asarray(picture)
    wide = picture.mode == "I" and picture.format in WIDE_FORMATS and 0 <= values.min() <= values.max() <= 65535
    if not wide and not picture.mode.startswith("I;16"):
        raise StudyError(
            f"{name} is an image of mode {picture.mode} (32 bits a pixel), which doesn't say what is black and what is "
            "white; scale it to 8 or 16 bits and save it as PNG"
        )
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))  # 65535 / 257 = 255
