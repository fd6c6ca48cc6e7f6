"""Image files: which they are, and their pixels as eight bits a channel, grey or colour, upright, in sRGB.

All that a study reads is read here: training images, parquet, shifted sets, the sets of a ranking, what a shipped model
is asked about.
"""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from understudy.data.colour import compose, split_alpha, to_srgb
from understudy.data.depth import Deep, array_values, check_values, deep_values, eight_bits
from understudy.data.image_formats import png_is_whole, what_it_is
from understudy.data.picture_facts import PictureFacts
from understudy.data.pixel_settings import ValueSettings
from understudy.errors import StudyError

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PLAIN = ValueSettings()


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


def decode_picture(content: bytes, name: str, settings: ValueSettings = PLAIN) -> Image.Image:
    """Decode an image file's bytes to a picture of mode L if it is grey, else RGB.

    Raises
    ------
    StudyError
        If the bytes are not an image, or one of too many pixels or of unknown range; ``name`` says which.
    """
    picture, facts = read_picture(content, name, settings)
    if facts.white is None and settings.white is None:
        raise StudyError(
            f"{name} is an image of mode {facts.mode} with values {facts.least:g} to {facts.largest:g}, which doesn't "
            "say what is white; set `white`, the value that becomes 255, or scale it to 8 or 16 bits and save it as PNG"
        )
    return picture


def read_picture(
    given: bytes | np.ndarray | Image.Image, name: str, settings: ValueSettings
) -> tuple[Image.Image, PictureFacts]:
    """Decode an image to a picture of mode L if it is grey, else RGB, and say what it was.

    Where it isn't known which value is white the picture is black; who calls looks at the facts.

    Parameters
    ----------
    given
        The bytes of a file, an array [C, H, W], [H, W, C] or [H, W], or a picture of Pillow.
    name
        What messages call it.

    Raises
    ------
    StudyError
        If the bytes are not an image, or one of too many pixels, or its values mean no brightness.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, which is counted where it matters
            if isinstance(given, np.ndarray):
                return _from_array(given, name, settings)
            if isinstance(given, Image.Image):
                return _from_file(given, None, name, settings)
            with Image.open(io.BytesIO(given)) as picture:
                return _from_file(picture, given, name, settings)
    except StudyError:
        raise
    except Image.DecompressionBombError as error:
        raise StudyError(
            f"{name} has more than {2 * Image.MAX_IMAGE_PIXELS} pixels or a broken header; make it smaller or remove it"
        ) from error
    except Exception as error:  # Pillow raises errors of a dozen types for what isn't an image
        # Of an unknown format Pillow says the memory that the file was read into, which tells nobody anything.
        unknown = isinstance(error, UnidentifiedImageError)
        reason = what_it_is(given) if unknown else " ".join(str(error).split()) or type(error).__name__
        raise StudyError(f"{name} is not a readable image ({reason}); repair or remove it") from error


def _from_array(values: np.ndarray, name: str, settings: ValueSettings) -> tuple[Image.Image, PictureFacts]:
    planes = values.ndim == 3 and values.shape[0] in (1, 2, 3, 4)
    values = values.transpose(1, 2, 0) if planes else values
    values = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    if values.ndim not in (2, 3) or 0 in values.shape or (values.ndim == 3 and values.shape[2] > 4):
        raise StudyError(f"{name} is an array {list(values.shape)}; expected [channels, height, width]")
    if values.dtype == bool:
        values = values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return _from_file(Image.fromarray(np.ascontiguousarray(values)), None, name, settings)
    colours = values.ndim < 3 or values.shape[2] == 3
    if not colours or values.dtype.kind not in "iuf":
        raise StudyError(
            f"{name} is an array {list(values.shape)} of {values.dtype}; expected uint8 in 1, 3 or 4 channels"
        )
    return _from_deep(array_values(values), _facts(None, values), (1, None), name, settings)


def _from_file(
    picture: Image.Image, content: bytes | None, name: str, settings: ValueSettings
) -> tuple[Image.Image, PictureFacts]:
    facts = _facts(picture, content)
    stored = picture.getexif().get(ORIENTATION) if picture.format == "TIFF" else None  # Pillow turns it itself
    _refuse_preview(picture, name)
    deep = deep_values(picture, content)
    picture.load()
    if picture.format == "PNG" and content is not None and not png_is_whole(content):
        raise StudyError(f"{name} is not a readable image (its header doesn't fit its pixels); repair or remove it")
    turn, bad = _orientation(picture)
    first = picture.copy() if hasattr(picture, "n_frames") else picture  # counting frames moves on to others
    facts |= {"turned": turn > 1 or stored in TURNS, "bad_orientation": bad, "frames": _frames(picture)}
    tags = turn, first.info.get("icc_profile")
    if deep is not None:
        return _from_deep(deep, facts, tags, name, settings)
    _scale_transparency(first, facts["format"], content)
    plain, alpha = split_alpha(first)
    return _finished(plain, alpha, facts, tags, settings)


def _from_deep(
    deep: Deep, facts: dict, tags: tuple[int, bytes | None], name: str, settings: ValueSettings
) -> tuple[Image.Image, PictureFacts]:
    least, largest = check_values(deep.values, name)
    facts |= {"bits": deep.bits, "least": least, "largest": largest, "white": deep.white, "coarse": deep.coarse}
    white = settings.white or deep.white
    colours = deep.scaled(white) if white else np.zeros(deep.values.shape, np.float32)
    cmyk = colours.ndim == 3 and colours.shape[2] == 4
    if cmyk or tags[1]:
        plain = Image.fromarray(eight_bits(colours), "CMYK" if cmyk else None)
        return _finished(plain, deep.alpha, facts, tags, settings)
    return _finished(colours, deep.alpha, facts, tags, settings)


def _finished(
    colours: Image.Image | np.ndarray,
    alpha: np.ndarray | None,
    facts: dict,
    tags: tuple[int, bytes | None],
    settings: ValueSettings,
) -> tuple[Image.Image, PictureFacts]:
    """Convert colours to sRGB, lay them on the background and turn them upright."""
    turn, profile = tags
    if isinstance(colours, Image.Image):
        colours, facts["profile"] = to_srgb(colours, profile)
    if alpha is not None and (alpha < 1).any():
        values = np.asarray(colours, dtype=np.float32)
        composed, facts["vanished"] = compose(values, alpha, settings.background_colour)
        facts["transparent"], colours = True, Image.fromarray(composed)
    elif not isinstance(colours, Image.Image):
        colours = Image.fromarray(eight_bits(colours))
    return colours.transpose(TURNS[turn]) if turn in TURNS else colours, PictureFacts(**facts)


def _facts(picture: Image.Image | None, content: bytes | np.ndarray | None) -> dict:
    if picture is None:
        return {"format": "array", "mode": str(content.dtype), "width": content.shape[1], "height": content.shape[0]}
    known = {
        "format": picture.format or "array",
        "mode": picture.mode,
        "width": picture.width,
        "height": picture.height,
    }
    gamma = picture.info.get("gamma") if picture.format == "PNG" else None
    odd = (
        bool(gamma) and abs(gamma - 1 / 2.2) > 0.01 and "srgb" not in picture.info and "icc_profile" not in picture.info
    )
    return known | {"gamma": odd}


def _orientation(picture: Image.Image) -> tuple[int, bool]:
    """Return a loaded picture's orientation, 1 to 8, and whether its tag can't be understood."""
    try:
        tag = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # of broken tags Pillow raises errors of many types
        return 1, True
    known = isinstance(tag, int) and 1 <= tag <= 8
    return (tag, False) if known else (1, True)


def _frames(picture: Image.Image) -> int:
    try:
        return picture.n_frames if getattr(picture, "is_animated", False) else 1
    except Exception:  # later pictures are broken: they aren't read
        return 2


def _scale_transparency(picture: Image.Image, kind: str, content: bytes | None) -> None:
    """Bring a PNG's transparent grey of two or four bits to the scale of its pixels, which Pillow leaves as stored."""
    if content is not None and kind == "PNG" and picture.mode == "L" and content[24] in (2, 4):
        value = picture.info.get("transparency")
        if isinstance(value, int):
            picture.info["transparency"] = value * 255 // (2 ** content[24] - 1)


def _refuse_preview(picture: Image.Image, name: str) -> None:
    """Refuse a camera's raw file, of which Pillow would read a small preview."""
    tags = getattr(picture, "tag_v2", None) or {}
    if picture.format == "TIFF" and tags.get(254, 0) & 1 and (330 in tags or 50706 in tags):
        raise StudyError(f"{name} is a camera's raw file, of which only a preview can be read; save it as PNG or JPEG")
