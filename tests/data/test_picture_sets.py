"""Sets of pictures: what is wrong of all together, what is carried over, and damaged files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.image_bytes import png, png16, png_chunk, profile, saved, tiff
from tests.data.test_pixels import GREY, RGB, W1, W3, big, read
from understudy.data.decoding import PLAIN, decode, read_picture
from understudy.data.pixel_settings import PixelSettings
from understudy.data.reading import PictureReader
from understudy.errors import StudyError


def read_all(contents, **keys) -> PictureReader:
    reader = PictureReader(PixelSettings(**keys))
    for number, content in enumerate(contents):
        reader.read(content, f"{number}.png")
    return reader


def test_dark_sets_of_more_than_eight_bits_are_refused_as_a_whole():
    dark = [png16(W1 % 4096, 0), png16(W3 % 900, 2), saved(Image.fromarray(GREY), "PNG")]
    with pytest.raises(StudyError, match=r"^data\.white: 2 image\(s\).*values \d+ to 3\d\d\d .*such as 4095"):
        read_all(dark).finish()
    assert read_all(dark, white=4095).finish() == []
    assert read_all([*dark, png16(W1, 0)]).finish() == []  # one bright image: the range is used
    assert "if white is 16383" in read_all([png16(W1 % 16384, 0)]).finish()[0]
    assert read_all([png16(0 * W1, 0)] * 2).finish() == []  # black says nothing
    assert read_all([saved(Image.fromarray(GREY // 40), "PNG")]).finish() == []
    assert "changes nothing" in read_all([saved(Image.fromarray(GREY), "PNG")], white=9).finish()[0]
    assert "above data.white (100)" in read_all([png16(W1, 0)], white=100).finish()[0]


def test_floats_need_a_white():
    floats = [tiff(np.full((4, 4), value, np.float32), sample=3) for value in (0.25, 0.5)]
    with pytest.raises(StudyError, match=r"^data\.white: 2 .*hold values 0\.25 to 0\.5 in a form .*such as 1$"):
        read_all(floats).finish()
    assert read(floats[1], white=1)[0, 0] == 128
    assert read(tiff(np.full((4, 4), 700, np.int32), sample=2), white=1400)[0, 0] == 128
    assert read(tiff(np.full((4, 4), 2**31 + 1, np.uint32)), white=2**32 - 1)[0, 0] == 128
    with pytest.raises(StudyError, match=r"^a\.tif is an image of mode F with values 0\.5 to 0\.5"):
        decode(floats[1], "a.tif")
    for bad, message in ((np.nan, "no finite numbers"), (np.inf, "no finite numbers"), (-1, "negative values")):
        values = np.full((4, 4), 0.5, np.float32)
        values[1, 1] = bad
        with pytest.raises(StudyError, match=rf"^image has .*{message}"):
            read(tiff(values, sample=3), white=1)
    with pytest.raises(StudyError, match="negative values"):
        read(tiff(np.full((4, 4), -9, np.int16), sample=2), white=1)


def test_images_that_vanish_on_the_background_are_refused():
    ink = [saved(Image.fromarray(np.dstack([0 * GREY, np.where(shade < GREY, 255, 0).astype(np.uint8)]), "LA"), "PNG")
           for shade in range(20, 220, 10)]  # fmt: skip
    assert "20 image(s) are transparent and lie on data.background (white)" in read_all(ink).finish()[0]
    with pytest.raises(StudyError, match=r"^data\.background \(black\): 20 transparent image\(s\) .*vanish on it"):
        read_all(ink, background="black").finish()
    photographs = [saved(Image.fromarray(np.roll(RGB, turn, axis=0)), "PNG") for turn in range(5)] * 40
    assert any("vanish on" in line for line in read_all([ink[0], *photographs], background="black").finish())
    with pytest.raises(StudyError, match=r"^data\.white: all 2 images become equal"):
        read_all([png16(W1 | 4096, 0), png16(W1[::-1] | 4096, 0)], white=1).finish()


def test_a_png_that_fits_is_carried_over_and_no_other():
    plain, pixels = saved(Image.fromarray(RGB[:, :5]), "PNG"), RGB[:, :5].transpose(2, 0, 1)
    reader = PictureReader(PixelSettings(size=5, channels=3))
    assert reader.read(plain, "a").png is reader.read(plain, "a").original or reader.read(plain, "a").png == plain
    square, exif = Image.fromarray(RGB[:, :5]), Image.Exif()
    exif[0x0112] = 3
    for content in (
        saved(square, "PNG", exif=exif),
        saved(square, "PNG", icc_profile=profile()),
        saved(square, "TIFF"),
        saved(Image.fromarray(RGB), "PNG"),
        saved(square.convert("L"), "PNG"),
        saved(square, "PNG", transparency=(1, 2, 3)),
        plain[:33] + png_chunk(b"gAMA", (100000).to_bytes(4, "big")) + plain[33:],
        png16(W3[:, :5], 2),
        saved(square.quantize(200), "PNG"),
    ):
        found = reader.read(content, "b")
        assert found.original is None and np.array_equal(decode(found.png, "b"), found.pixels)
    assert np.array_equal(reader.read(pixels, "array").pixels, pixels)


def test_a_header_that_lies_is_refused_in_one_line():
    rows = [row.tobytes() for row in GREY]
    bitmap = bytearray(saved(Image.fromarray(RGB), "BMP"))
    bitmap[22:26] = (50).to_bytes(4, "little")
    lies = [png(rows, size, 8, 0) for size in ((7, 9), (7, 3), (9, 5), (30000, 30000))]
    lies += [bytes(bitmap), b"P5 7 50 255\n" + GREY.tobytes(), b"P6 7 50 4095\n" + big(W3), b"", b"\x89PNG\r\n\x1a\n"]
    whole = saved(Image.fromarray(RGB), "TIFF", compression="tiff_lzw")
    lies += [whole[: len(whole) // 2], b"II*\0rubbish", saved(Image.fromarray(RGB), "AVIF")[:-9], b"GIF89a\xff"]
    for content in lies:
        with pytest.raises(StudyError) as error:
            read_all([content])
        assert str(error.value).startswith("0.png ") and "\n" not in str(error.value), content[:40]


CONTENTS = {
    kind: saved(Image.fromarray(np.tile(RGB, (3, 3, 1))[:15, :15]), kind)
    for kind in ("PNG", "TIFF", "GIF", "BMP", "WEBP", "JPEG", "PPM", "ICO", "JPEG2000", "AVIF")
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data):
    kind = data.draw(st.sampled_from(["PNG", "TIFF", "GIF", "BMP", "WEBP", "JPEG", "PPM", "ICO", "JPEG2000", "AVIF"]))
    content = bytearray(CONTENTS[kind])
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    try:
        picture, facts = read_picture(bytes(content), "damaged", PLAIN)
    except StudyError as error:
        assert str(error).startswith("damaged ") and "\n" not in str(error)
    else:
        assert picture.mode in ("L", "RGB") and facts.format


@pytest.mark.parametrize("background", ["#12", "no colour", "", 3, None])
def test_a_background_is_a_colour(background):
    with pytest.raises(ValueError, match="background"):
        PixelSettings(background=background)
