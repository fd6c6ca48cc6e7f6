import io

import numpy as np
import pytest
from PIL import Image

from understudy.data.decoding import decode
from understudy.errors import StudyError

EVERY_VALUE = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


def saved(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def big_endian_tiff() -> bytes:
    return saved(Image.frombytes("I;16B", (256, 256), EVERY_VALUE.astype(">u2").tobytes()), "TIFF")


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        (saved(Image.fromarray(EVERY_VALUE), "PNG"), "I;16"),
        (saved(Image.fromarray(EVERY_VALUE), "TIFF"), "I;16"),
        (big_endian_tiff(), "I;16B"),
        # Read as 32 bits, as PNG is by older versions of Pillow.
        (b"P5 256 256 65535\n" + EVERY_VALUE.astype(">u2").tobytes(), "I"),
    ],
    ids=["png", "tiff", "tiff-big-endian", "pgm"],
)
def test_sixteen_bits_of_grey_become_eight(content, mode):
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == mode
    pixels = decode(content, "image")
    assert pixels.shape == (1, 256, 256) and pixels.dtype == np.uint8
    assert np.array_equal(pixels[0], np.rint(EVERY_VALUE / 257))


def test_grey_has_one_channel_whatever_its_mode():
    opaque = np.stack([GREY, np.full_like(GREY, 255)], axis=-1)
    for picture, expected in (
        (Image.fromarray(opaque, "LA"), GREY),
        (Image.fromarray(GREY > 9), 255 * (GREY > 9)),
    ):
        assert np.array_equal(decode(saved(picture, "PNG"), "image"), expected[None])


@pytest.mark.parametrize(("kind", "mode"), [(np.int32, "I"), (np.float32, "F")])
def test_values_of_unknown_range_are_refused(kind, mode):
    content = saved(Image.fromarray(GREY.astype(kind)), "TIFF")
    with pytest.raises(
        StudyError, match=rf"^scan\.tif is an image of mode {mode} with values 0 to 63, .*set `white`.*PNG$"
    ):
        decode(content, "scan.tif")


def test_too_many_pixels_are_one_line(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(StudyError, match=r"^big\.png has more than 40 pixels or a broken header; make it smaller"):
        decode(saved(Image.fromarray(GREY), "PNG"), "big.png")
