"""Images of more than eight bits a sample: their values as stored, and what these are of white.

Values are never scaled image by image: what is white is said by the format, or by the setting `white`.
"""

import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile

from understudy.errors import StudyError

# Rawmodes of the high and the low bytes of 16-bit samples, by the end of the one that Pillow chooses: N is this
# machine's order (little-endian), in which libtiff gives samples.
OTHER_BYTES = {"B": "L", "L": "B", "N": "B"}
BITS, PHOTOMETRIC, PLANAR, SAMPLE_FORMAT = 258, 262, 284, 339
UNSIGNED, SIGNED, WHITE_IS_ZERO, PLANES = 1, 2, 0, 2


@dataclass(frozen=True)
class Deep:
    """An image's stored values.

    Attributes
    ----------
    values : array [H, W] or [H, W, C]
        Grey, red green blue, or cyan magenta yellow black.
    white : float or None
        The value of white by the file's format; None if it doesn't say.
    bits : int
    alpha : array [H, W] or None
        Opacity, 0 to 1.
    inverted : bool
        Whether 0 is white.
    coarse : bool
        Whether only the higher eight bits are known.

    """

    values: np.ndarray
    white: float | None
    bits: int
    alpha: np.ndarray | None = None
    inverted: bool = False
    coarse: bool = False

    def scaled(self, white: float) -> np.ndarray:
        """Return float values of which 255 is white."""
        exact = np.float64 if self.values.dtype.itemsize > 2 and self.values.dtype.kind in "iu" else np.float32
        scaled = np.clip(self.values.astype(exact) * exact(255 / white), 0, 255).astype(np.float32)
        return 255 - scaled if self.inverted else scaled


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Round values of 0 to 255 to uint8, halves up."""
    return np.floor(values + np.float32(0.5)).astype(np.uint8)


def deep_values(picture: Image.Image, content: bytes | None) -> Deep | None:
    """Return the stored values of an opened picture of more than eight bits a sample, None for others.

    Without the file's ``content`` the picture's mode alone tells.
    """
    if content is not None and picture.format == "PNG" and content[24] == 16:
        return _png(picture, content)
    if content is not None and picture.format == "PPM" and picture.mode in ("I", "RGB"):
        return _netpbm(picture, content)
    if picture.format == "TIFF" and getattr(picture, "tag_v2", None) is not None:
        return _tiff(picture, content)
    return array_values(np.asarray(picture)) if picture.mode[0] in "IF" else None


def array_values(values: np.ndarray) -> Deep:
    """Return values that come without a file: only of 16 bits without sign it is known what is white."""
    unsigned = values.dtype.kind == "u" and values.dtype.itemsize == 2
    return Deep(values.astype(values.dtype.newbyteorder("=")), 65535 if unsigned else None, 8 * values.dtype.itemsize)


def _two_bytes(content: bytes, high: str, low: str) -> np.ndarray:
    """Decode a file twice, the higher and the lower bytes of its samples: of colours Pillow keeps the higher ones."""
    halves = []
    for rawmode in (high, low):
        with Image.open(io.BytesIO(content)) as picture:
            if rawmode.startswith("RGBA"):
                picture._mode = "RGBA"
            picture.tile = [
                tile._replace(args=(rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode)
                for tile in picture.tile
            ]
            picture.load()
            halves.append(np.asarray(picture).astype(np.uint16))
    return halves[0] * np.uint16(256) + halves[1]


def _png(picture: Image.Image, content: bytes) -> Deep:
    transparent = None
    if content[25] == 0:
        values, transparent = np.asarray(picture), picture.info.get("transparency")
        alpha = None if transparent is None else values != transparent
    elif content[25] == 2:
        values, transparent = _two_bytes(content, "RGB;16B", "RGB;16L"), picture.info.get("transparency")
        alpha = None if transparent is None else (values != np.array(transparent)).any(axis=2)
    elif content[25] == 4:  # two samples of 16 bits have the form of four of 8 bits
        with Image.open(io.BytesIO(content)) as four:
            four.tile = [tile._replace(args="RGBA") for tile in four.tile]
            four.load()
            grey_alpha = np.asarray(four).reshape(four.height, four.width, 2, 2).astype(np.uint16)
        grey_alpha = grey_alpha[..., 0] * np.uint16(256) + grey_alpha[..., 1]
        values, alpha = grey_alpha[..., 0], grey_alpha[..., 1] / 65535
    else:
        values = _two_bytes(content, "RGBA;16B", "RGBA;16L")
        values, alpha = values[..., :3], values[..., 3] / 65535
    return Deep(values, 65535, 16, alpha if alpha is None else alpha.astype(np.float32))


def _netpbm(picture: Image.Image, content: bytes) -> Deep | None:
    """Values of a PGM or PPM whose largest is above 255; Pillow scales these by the largest one."""
    offset, how = picture.tile[0].offset, picture.tile[0].args
    most = how[1] if isinstance(how, tuple) else 65535 if picture.mode == "I" else 255
    if most <= 255:
        return None
    count = picture.width * picture.height * (3 if picture.mode == "RGB" else 1)
    if content[1:2] in b"23":
        values = np.array(re.sub(rb"#[^\r\n]*", b" ", content[offset:]).split()[:count], dtype=np.int64)
    else:
        values = np.frombuffer(content[offset : offset + 2 * count], dtype=">u2")
    if len(values) < count:
        raise OSError("image file is truncated")
    shape = (picture.height, picture.width, 3)[: 3 if picture.mode == "RGB" else 2]
    return Deep(np.clip(values, 0, most).astype(np.uint16).reshape(shape), most, int(most).bit_length())


def _tiff(picture: Image.Image, content: bytes | None) -> Deep | None:
    bits, forms = max(picture.tag_v2.get(BITS, (1,))), picture.tag_v2.get(SAMPLE_FORMAT, (UNSIGNED,))
    signed = SIGNED in forms
    if bits <= 8:
        if signed and bits == 8:
            picture.load()
            return Deep(np.asarray(picture).view(np.int8), None, 8)
        return None
    inverted = picture.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO
    if picture.mode[0] in "IF":
        values = np.asarray(picture)
        values = values.astype(values.dtype.newbyteorder("="))
        values = values.view(np.uint32) if picture.mode == "I" and not signed else values
        known = bits <= 16 and not signed and picture.mode != "F"
        return Deep(values, 2**bits - 1 if known else None, bits, inverted=inverted)
    if content is None:
        return None
    return _tiff_colours(picture, content)


def _tiff_colours(picture: Image.Image, content: bytes) -> Deep:
    rawmode = picture.tile[0].args[0]
    if picture.tag_v2.get(PLANAR) == PLANES:
        # Pillow reads such a file right by way of libtiff alone, and of that only the higher bytes.
        picture.use_load_libtiff = True
        box = (0, 0, *picture._tile_size)
        how = (f"{picture.mode};16N", False, picture.tag_v2.offset)
        picture.tile = [ImageFile._Tile("libtiff", box, 0, how)]
        picture.load()
        values, coarse = np.asarray(picture).astype(np.uint16) * np.uint16(257), True
    else:
        kind, order = rawmode.replace("RGBa", "RGBA").rsplit(";16", 1)
        values, coarse = _two_bytes(content, f"{kind};16{order}", f"{kind};16{OTHER_BYTES[order]}"), False
    if picture.mode != "RGBA":
        return Deep(values, 65535, 16, coarse=coarse)
    alpha, values = (values[..., 3] / 65535).astype(np.float32), values[..., :3]
    if rawmode.startswith("RGBa"):  # colours are stored multiplied by alpha
        values = np.minimum(values / np.where(alpha > 0, alpha, 1)[..., None], 65535).astype(np.float32)
    return Deep(values, 65535, 16, alpha, coarse=coarse)


def check_values(values: np.ndarray, name: str) -> tuple[float, float]:
    """Return the least and the largest value.

    Raises
    ------
    StudyError
        If one is negative or no number.

    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise StudyError(f"{name} has values that are no finite numbers (NaN or infinity); replace or remove them")
    least, largest = float(values.min()), float(values.max())
    if least < 0:
        raise StudyError(
            f"{name} has negative values ({least:g} to {largest:g}), which are no brightness; shift its values so that "
            "0 is black"
        )
    return least, largest
