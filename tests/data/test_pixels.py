"""Pixels of every format, mode and depth against what they must be."""

import io
import warnings

import numpy as np
import pytest
import torchvision.transforms.v2 as transforms
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.data.image_bytes import png, png16, png_chunk, profile, saved, tiff
from understudy.data.decoding import PLAIN, read_picture
from understudy.data.pixel_settings import PixelSettings, ValueSettings
from understudy.data.reading import PictureReader
from understudy.errors import StudyError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
WIDE = {count: RNG.integers(0, 65536, (5, 7, count)).astype(np.uint16) for count in (1, 3)}
WIDE_ALPHA = RNG.integers(0, 65536, (5, 7)).astype(np.uint16)
LOSSLESS = {"PNG": {}, "TIFF": {}, "BMP": {}, "WEBP": {"lossless": True}, "JPEG2000": {}, "PPM": {}, "TGA": {}}


def read(content, **keys) -> np.ndarray:
    """Pixels [H, W] or [H, W, C]."""
    return np.asarray(read_picture(content, "image", ValueSettings(**keys))[0])


def half_up(values) -> np.ndarray:
    return np.floor(np.asarray(values, dtype=np.float64) + 0.5).astype(np.uint8)


def on(ground, colours, opacity) -> np.ndarray:
    return half_up(colours * opacity + np.asarray(ground) * (1 - opacity))


def big(values, order=">") -> bytes:
    return values.astype(f"{order}u2").tobytes()


TWELVE = RNG.integers(0, 4096, (4, 6))
PACKED = b"".join(bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in TWELVE.reshape(-1, 2).tolist())
W1, W3 = WIDE[1][..., 0], WIDE[3]
DEEP = {
    "png grey": (png16(W1, 0), W1, 65535),
    "png colour": (png16(W3, 2), W3, 65535),
    "tiff grey little": (tiff(W1, "<"), W1, 65535),
    "tiff grey big": (tiff(W1, ">"), W1, 65535),
    "tiff grey compressed": (saved(Image.fromarray(W1), "TIFF", compression="tiff_lzw"), W1, 65535),
    "tiff white is zero": (tiff(W1, photometric=0), 65535 - W1, 65535),
    "tiff colour little": (tiff(W3, "<"), W3, 65535),
    "tiff colour big": (tiff(W3, ">"), W3, 65535),
    "tiff colour little compressed": (tiff(W3, "<", deflate=True), W3, 65535),
    "tiff colour big compressed": (tiff(W3, ">", deflate=True), W3, 65535),
    "tiff grey big compressed": (tiff(W1, ">", deflate=True), W1, 65535),
    "tiff of 12 bits": (tiff(TWELVE.astype(np.uint16), bits=12, data=PACKED), TWELVE, 4095),
    "pgm": (b"P5 7 5 65535\n" + big(W1), W1, 65535),
    "pgm of 10 bits": (b"P5 7 5 1023\n" + big(W1 % 1024), W1 % 1024, 1023),
    "pgm of 12 bits": (b"P5 #c\n7 5 4095\n" + big(W1 % 4096), W1 % 4096, 4095),
    "ppm of 14 bits": (b"P6 7 5 16383\n" + big(W3 % 16384), W3 % 16384, 16383),
    "plain pgm": (b"P2 7 5 4095\n" + " ".join(map(str, (W1 % 4096).ravel())).encode(), W1 % 4096, 4095),
}


@pytest.mark.parametrize("kind", DEEP)
def test_values_of_more_than_eight_bits_are_scaled_by_what_the_format_calls_white(kind):
    content, values, white = DEEP[kind]
    assert np.array_equal(read(content), half_up(values * (255 / white)))
    if kind != "tiff white is zero":
        scaled = half_up(np.minimum(values / 3000, 1).astype(np.float32) * np.float32(255))
        assert np.abs(read(content, white=3000).astype(int) - scaled).max() <= 1  # halves
        assert np.mean(read(content, white=3000) != scaled) < 0.1


def test_a_tiff_of_separate_planes_keeps_its_colours():
    assert np.array_equal(read(tiff(W3, planar=2)), W3 >> 8)
    reader = PictureReader(PixelSettings(white=4095))
    reader.read(tiff(W3, planar=2), "planes.tif")
    with pytest.raises(StudyError, match=r"^planes\.tif keeps red, green and blue apart"):
        reader.finish()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_eight_bits_are_untouched(kind):
    for values in (RGB, GREY) if kind != "WEBP" else (RGB,):
        assert np.array_equal(read(saved(Image.fromarray(values), kind, **LOSSLESS[kind])), values)
    dark = saved(Image.fromarray(RGB // 100), kind, **LOSSLESS[kind])
    assert np.array_equal(read(dark, white=9), RGB // 100)


def test_bits_below_eight():
    ink = saved(Image.fromarray(GREY > 99), "PNG")
    assert np.array_equal(read(ink), np.where(GREY > 99, 255, 0))
    assert np.array_equal(read(png([b"\x1b"], (4, 1), 2, 0)), [[0, 85, 170, 255]])
    assert np.array_equal(read(b"P5 2 1 15\n\x00\x0f"), [[0, 255]])
    assert np.array_equal(read(b"P1 2 1 1 0"), [[0, 255]])


@pytest.mark.parametrize("ground", ["white", "black", "#102030"])
def test_transparent_pixels_lie_on_the_background(ground):
    colour = ValueSettings(background=ground).background_colour
    opacity, wide = ALPHA[..., None] / 255, WIDE_ALPHA[..., None] / 65535
    grey = np.repeat(GREY[..., None], 3, axis=2)
    wide_grey = np.repeat(WIDE[1] / 257, 3, axis=2)
    la, rgba = np.dstack([GREY, ALPHA]), np.dstack([RGB, ALPHA])
    palette = Image.fromarray((GREY % 4).astype(np.uint8), "P")
    palette.putpalette([0, 0, 0, 90, 0, 0, 0, 90, 0, 200, 200, 9])
    colours = np.array([[0, 0, 0], [90, 0, 0], [0, 90, 0], [200, 200, 9]])[GREY % 4]
    pa = Image.fromarray(np.dstack([GREY % 4, ALPHA]).astype(np.uint8), "PA")
    pa.putpalette([0, 0, 0, 90, 0, 0, 0, 90, 0, 200, 200, 9])
    one = (GREY[2, 2] == GREY)[..., None]
    wide_one = (W3[1, 1] == W3).all(axis=2)[..., None]
    key16 = png_chunk(b"tRNS", W3[1, 1].astype(">u2").tobytes())
    cases = {
        "RGBA": (saved(Image.fromarray(rgba), "PNG"), RGB, opacity),
        "LA": (saved(Image.fromarray(la, "LA"), "PNG"), grey, opacity),
        "webp": (saved(Image.fromarray(rgba), "WEBP", lossless=True, exact=True), RGB, opacity),
        "tiff": (saved(Image.fromarray(rgba), "TIFF"), RGB, opacity),
        "palette": (saved(palette, "PNG", transparency=2), colours, (GREY % 4 != 2)[..., None]),
        "gif": (saved(palette, "GIF", transparency=2), colours, (GREY % 4 != 2)[..., None]),
        "palette of opacities": (
            saved(palette, "PNG", transparency=bytes([255, 0, 100, 9])),
            colours,
            np.array([255, 0, 100, 9])[GREY % 4][..., None] / 255,
        ),
        "PA": (saved(pa, "TIFF"), colours, opacity),
        "La": (pillow_la(la), grey, opacity),
        "a grey": (saved(Image.fromarray(GREY), "PNG", transparency=int(GREY[2, 2])), grey, ~one),
        "RGBA of 16 bits": (png16(np.dstack([W3, WIDE_ALPHA]), 6), W3 / 257, wide),
        "LA of 16 bits": (png16(np.dstack([W1, WIDE_ALPHA]), 4), wide_grey, wide),
        "TIFF of 16 bits": (tiff(np.dstack([W3, WIDE_ALPHA]), extra=(2,)), W3 / 257, wide),
        "a colour of 16 bits": (png16(W3, 2, key16), W3 / 257, ~wide_one),
    }
    for kind, (content, below, opaque) in cases.items():
        found = read(content, background=ground)
        found = np.repeat(found[..., None], 3, axis=2) if found.ndim == 2 else found
        most = 3 if kind == "La" else 1 if "16" in kind else 0  # stored rounded; floats of four bytes
        assert np.abs(found.astype(int) - on(colour, below, opaque)).max() <= most, kind


def pillow_la(la: np.ndarray) -> Image.Image:
    return Image.fromarray(la, "LA").convert("La")


def test_a_transparent_grey_of_four_bits():
    shown = read(png([b"\x05\xf0"], (4, 1), 4, 0, png_chunk(b"tRNS", b"\0\5")), background="#111111")
    assert shown.tolist() == [[0, 17, 255, 0]]


def test_colours_multiplied_by_alpha():
    alpha = np.maximum(WIDE_ALPHA, 2000)
    stored = (W3 * (alpha[..., None] / 65535)).astype(np.uint16)
    shown = read(tiff(np.dstack([stored, alpha]), extra=(1,)), background="black")
    assert np.abs(shown.astype(int) - half_up(stored / 257)).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "PNG of 16 bits", "TIFF of 16 bits"])
def test_pictures_are_turned_as_viewers_turn_them(kind, orientation):
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8], upright[8:, :12] = (250, 60, 60), (60, 60, 250)
    # The inverse of each turn is itself, but of those by 90 degrees each other.
    back = {1: 1, 6: 8, 8: 6}.get(orientation, orientation)
    tag = Image.Exif()
    tag[0x0112] = back
    stored = ImageOps.exif_transpose(tagged(upright, back))
    tag[0x0112] = orientation
    if kind == "PNG of 16 bits":
        content = png16(np.asarray(stored).astype(np.uint16) * 257, 2, png_chunk(b"eXIf", tag.tobytes()[6:]))
    elif kind == "TIFF of 16 bits":
        content = tiff(np.asarray(stored).astype(np.uint16) * 257, orientation=orientation)
    else:
        content = saved(stored, kind, exif=tag)
    picture, facts = read_picture(content, "photo", PLAIN)
    assert np.abs(np.asarray(picture).astype(int) - upright).max() <= (0 if "16" in kind or kind in "PNGTIFF" else 120)
    assert np.abs(np.asarray(picture).astype(int) - upright).mean() < 8
    assert facts.turned == (orientation > 1) and not facts.bad_orientation


def tagged(values: np.ndarray, orientation: int) -> Image.Image:
    picture, exif = Image.fromarray(values), Image.Exif()
    exif[0x0112] = orientation
    picture.info["exif"] = exif.tobytes()
    return picture


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0rubbish", b"Exif\0\0", 0, 9, 65535])
def test_broken_orientation_tags_are_upright_and_counted(exif):
    tag = Image.Exif()
    tag[0x0112] = exif if isinstance(exif, int) else 1
    content = saved(Image.fromarray(RGB), "PNG", exif=exif if isinstance(exif, bytes) else tag)
    reader = PictureReader(PixelSettings())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(reader.read(content, "a.png").pixels, RGB.transpose(2, 0, 1))
    assert (
        exif == b"Exif\0\0II*\0\xff\xff\xff\xff" or exif == b"Exif\0\0" or "can't be understood" in reader.finish()[0]
    )


def srgb(linear) -> np.ndarray:
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_profiles_become_srgb(kind):
    flat = np.full((16, 16, 3), (40, 100, 200), np.uint8)
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    content = saved(Image.fromarray(flat), kind, icc_profile=profile(), **options)
    assert np.abs(read(content)[8, 8] - srgb(np.array([40, 100, 200]) / 255)).max() < 3
    if kind != "WEBP":
        grey = saved(Image.fromarray(flat[..., 1]), kind, icc_profile=profile("GRAY"), **options)
        assert read(grey).shape == (16, 16) and abs(read(grey)[8, 8] - srgb(np.array(100 / 255))) < 3


def test_profiles_that_change_nothing_or_cannot_be_used_leave_pixels_alone():
    from PIL import ImageCms

    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc, what in ((same, "sRGB"), (b"rubbish" * 40, "broken"), (profile("GRAY"), "broken"), (same[:200], "broken")):
        picture, facts = read_picture(saved(Image.fromarray(RGB), "PNG", icc_profile=icc), "a.png", PLAIN)
        assert np.array_equal(np.asarray(picture), RGB) and facts.profile == what
    alpha = saved(Image.fromarray(np.dstack([RGB, ALPHA])), "PNG", icc_profile=profile())
    below = srgb(RGB / 255)
    assert np.abs(read(alpha) - on(255, below, ALPHA[..., None] / 255).astype(int)).max() <= 4


def test_inks_and_other_colour_spaces():
    flat = Image.new("RGB", (16, 16), (200, 100, 50))
    for content in (
        saved(flat.convert("CMYK"), "JPEG", quality=100),
        saved(flat.convert("CMYK"), "TIFF"),
        saved(flat.convert("YCbCr"), "TIFF"),
        tiff(np.asarray(flat.convert("CMYK")).astype(np.uint16) * 257, photometric=5),
        flat.convert("HSV"),
    ):
        assert np.abs(read(content)[8, 8] - np.array([200, 100, 50])).max() <= 3
    middle = tiff(np.full((4, 4, 3), (128, 0, 0), np.uint8), photometric=8)
    assert np.abs(read(middle)[0, 0].astype(int) - 119).max() <= 1


def test_the_first_of_several_frames():
    others = [Image.new("RGB", (7, 5))] * 2
    for kind, options in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        first = Image.fromarray(RGB // 128 * 128) if kind != "GIF" else Image.fromarray(RGB).quantize(64)
        content = saved(first, kind, save_all=True, append_images=others, **options)
        reader = PictureReader(PixelSettings(size=5))
        found = reader.read(content, "a")
        whole = np.asarray(first.convert("RGB"))[:, 1:6].transpose(2, 0, 1)
        assert np.array_equal(found.pixels, whole) and found.facts.frames > 1
        assert any("of which the first is read (first: a)" in line for line in reader.finish())


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 40), height=st.integers(1, 40), size=st.integers(4, 24))
def test_cropping_is_torchvisions(width, height, size):
    if max(width, height) > 16 * min(width, height):
        return
    values = np.random.default_rng(width * 41 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(values)
    peer = transforms.Compose([transforms.Resize(size, Image.Resampling.LANCZOS), transforms.CenterCrop(size)])
    keys = {"size": size, "channels": 3}
    found = PictureReader(PixelSettings(**keys)).read(picture, "a").pixels
    assert np.array_equal(found, np.asarray(peer(picture)).transpose(2, 0, 1))
    squashed = PictureReader(PixelSettings(**keys, resize="squash")).read(picture, "a").pixels
    straight = picture if picture.size == (size, size) else picture.resize((size, size), Image.Resampling.LANCZOS)
    assert np.array_equal(squashed, np.asarray(straight).transpose(2, 0, 1))
    if width == height:
        assert np.array_equal(found, squashed)
    padded = PictureReader(PixelSettings(**keys, resize="pad", background="#010203")).read(picture, "a").pixels
    assert padded.shape == (3, size, size)
    if width >= 2 * height and size >= 8:
        assert padded[:, 0, 0].tolist() == [1, 2, 3] and padded[:, -1, -1].tolist() == [1, 2, 3]


@pytest.mark.parametrize("shape", [(1, 3000, 3), (3000, 1, 3)])
@pytest.mark.parametrize("resize", ["crop", "pad", "squash"])
def test_the_narrowest_strips(shape, resize):
    reader = PictureReader(PixelSettings(size=64, channels=1, resize=resize))
    assert reader.read(saved(Image.fromarray(np.zeros(shape, np.uint8)), "PNG"), "strip").pixels.shape == (1, 64, 64)


@pytest.mark.parametrize(
    "array", [RGB, RGB.transpose(2, 0, 1), GREY, GREY[None], GREY > 99, WIDE[3], RGB.astype(float)]
)
def test_arrays_are_read_as_files_are(array):
    white = 255 if array.dtype == float else None
    found = read_picture(array, "array", ValueSettings(white=white))[0]
    expected = {bool: 255 * (GREY > 99), np.uint16: half_up(W3 / 257)}.get(array.dtype.type, RGB)
    expected = np.where(GREY > 99, 255, 0) if array.dtype == bool else GREY if array.size == GREY.size else expected
    assert np.array_equal(np.asarray(found), expected)


def test_reading_equals_pillow_on_ordinary_files():
    for kind in ("JPEG", "WEBP", "AVIF", "GIF", "PNG"):
        content = saved(Image.fromarray(np.tile(RGB, (4, 4, 1))), kind)
        with Image.open(io.BytesIO(content)) as picture:
            assert np.array_equal(read(content), np.asarray(picture.convert("RGB")))
