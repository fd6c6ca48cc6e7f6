"""Mutations of the format of image files: other ones that keep pixels, or whose pixels Pillow knows."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.image_files import LOSSLESS, STORED
from benchmarks.input_mutations.image_sets import image_set, noise, picture, saved
from tests.data.image_bytes import png, tiff

KIND = "image files"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@mutation(KIND)
def lossless_format(rng: np.random.Generator, folder: Path) -> Case:
    """Saved anew in other formats that keep every pixel."""
    images = image_set(rng, folder)
    for path in images.some():
        suffix = str(rng.choice(list(LOSSLESS)))
        kind, options = LOSSLESS[suffix]
        images.write(path, saved(images.pixels[path], kind, **options), suffix)
    return images.reads()


@mutation(KIND)
def lossless_webp(rng: np.random.Generator, folder: Path) -> Case:
    """Colour images as WebP without losses."""
    images = image_set(rng, folder, colour=True)
    for path in images.some():
        images.write(path, saved(images.pixels[path], "WEBP", lossless=True, exact=True), ".webp")
    return images.reads()


@mutation(KIND)
def palette(rng: np.random.Generator, folder: Path) -> Case:
    """Colours by number, in PNG, GIF, BMP, TIFF or PCX."""
    images = image_set(rng, folder, colour=True)
    for path in images.some():
        count = int(rng.integers(5, 256))
        colours = rng.integers(0, 256, (count, 3), dtype=np.uint8)
        numbers = rng.integers(0, count, images.pixels[path].shape[:2], dtype=np.uint8)
        image = picture(numbers)
        image.putpalette(colours.tobytes())
        images.pixels[path] = colours[numbers]
        kinds = [("PNG", ".png"), ("GIF", ".gif"), ("BMP", ".bmp"), ("TIFF", ".tif"), ("PCX", ".pcx")]
        kind, suffix = kinds[rng.integers(len(kinds))]
        images.write(path, saved(image, kind), suffix)
    return images.reads()


@mutation(KIND)
def black_and_white(rng: np.random.Generator, folder: Path) -> Case:
    """One bit a pixel."""
    images = image_set(rng, folder, colour=False)
    for path in images.some():
        images.pixels[path] = np.where(images.pixels[path] > 127, 255, 0).astype(np.uint8)
        kinds = [("PNG", ".png"), ("TIFF", ".tif"), ("BMP", ".bmp"), ("PPM", ".pbm")]
        kind, suffix = kinds[rng.integers(len(kinds))]
        images.write(path, saved(picture(images.pixels[path] > 127), kind), suffix)
    return images.reads()


@mutation(KIND)
def few_bits(rng: np.random.Generator, folder: Path) -> Case:
    """Grey PNGs of two or four bits: the largest value is white."""
    images = image_set(rng, folder, colour=False)
    for path in images.some():
        depth = int(rng.choice([2, 4]))
        height, width = images.pixels[path].shape
        values = rng.integers(0, 2**depth, (height, width), dtype=np.uint8)
        bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
        images.pixels[path] = (values * (255 // (2**depth - 1))).astype(np.uint8)
        images.write(path, png(rows, (width, height), depth, 0))
    return images.reads()


@mutation(KIND)
def further_frames(rng: np.random.Generator, folder: Path) -> Case:
    """Animated PNGs and TIFFs of several pages: the first is the image."""
    images = image_set(rng, folder)
    for path in images.some():
        others = [picture(noise(rng, images.pixels[path].shape)) for _ in range(rng.integers(1, 3))]
        kind, suffix = (("PNG", ".png"), ("TIFF", ".tif"))[rng.integers(2)]
        content = saved(images.pixels[path], kind, save_all=True, append_images=others)
        images.write(path, content, suffix)
    return images.reads()


@mutation(KIND)
def lossy_format(rng: np.random.Generator, folder: Path) -> Case:
    """JPEG, WebP and GIF as Pillow decodes them: CMYK, progressive, optimised, with any sampling of colours."""
    images = image_set(rng, folder, colour=True)
    kinds = [
        ("JPEG", ".jpg", {"quality": 60, "progressive": True}),
        ("JPEG", ".jpeg", {"quality": 90, "subsampling": 0, "optimize": True}),
        ("JPEG", ".jpg", {"cmyk": True}),
        ("WEBP", ".webp", {"quality": 70}),
        ("AVIF", ".avif", {"quality": 70}),
        ("TIFF", ".tif", {"cmyk": True}),
        ("TIFF", ".tif", {"compression": "jpeg"}),
    ]
    for path in images.some():
        kind, suffix, options = kinds[rng.integers(len(kinds))]
        options = dict(options)
        image = picture(images.pixels[path]).convert("CMYK" if options.pop("cmyk", False) else "RGB")
        content = saved(image, kind, **options)
        images.pixels[path] = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        images.write(path, content, suffix)
    return images.reads()


@mutation(KIND)
def interlaced(rng: np.random.Generator, folder: Path) -> Case:
    """PNG in seven passes."""
    images = image_set(rng, folder)
    for path in images.some():
        pixels = images.pixels[path]
        height, width = pixels.shape[:2]
        passes = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        rows = [row.tobytes() for one in passes if one.size for row in one]
        content = png(rows, (width, height), 8, 2 if images.colour else 0)
        head = content[12:28] + b"\1"
        images.write(path, content[:12] + head + struct.pack(">I", zlib.crc32(head)) + content[33:])
    return images.reads()


@mutation(KIND)
def variants_of_tiff(rng: np.random.Generator, folder: Path) -> Case:
    """Planes apart, the other order of bytes, packed bits, an orientation."""
    images = image_set(rng, folder)
    for path in images.some():
        turn = int(rng.integers(1, 9))
        stored = np.ascontiguousarray(STORED.get(turn, lambda x: x)(images.pixels[path]))
        planar = 2 if images.colour and rng.random() < 0.5 else 1
        order = str(rng.choice(["<", ">"]))
        images.write(path, tiff(stored, order, planar=planar, orientation=turn, deflate=planar == 1), ".tif")
    return images.reads()


@mutation(KIND)
def small_netpbm(rng: np.random.Generator, folder: Path) -> Case:
    """PGM and PPM, of bytes or of text, whose header says that white is less than 255."""
    images = image_set(rng, folder)
    for path in images.some():
        white = int(rng.choice([1, 3, 15, 17, 51, 85, 255]))
        values = rng.integers(0, white + 1, images.pixels[path].shape, dtype=np.uint8)
        images.pixels[path] = (values * (255 // white)).astype(np.uint8)
        number, height, width = 5 + images.colour, *values.shape[:2]
        if rng.random() < 0.5:
            data = values.tobytes()
        else:
            number, data = number - 3, " ".join(map(str, values.ravel())).encode()
        head = f"P{number}\n{width} {height}\n{white}\n".encode()
        images.write(path, head + data, ".ppm" if images.colour else ".pgm")
    return images.reads()
