"""Mutations of the depth of image files: more than eight bits a sample, whose eight-bit values are known."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.image_files import STORED
from benchmarks.input_mutations.image_sets import image_set, saved
from tests.data.image_bytes import png16, png_chunk, tiff

KIND = "image files"


def deep(pixels: np.ndarray, white: int = 65535) -> np.ndarray:
    """Return values of which these eight bits are the nearest."""
    return np.rint(pixels.astype(np.float64) * (white / 255)).astype(np.uint16)


def netpbm(values: np.ndarray, white: int, binary: bool) -> bytes:
    """Return a PGM or PPM."""
    number = (5 if binary else 2) + (values.ndim == 3)
    head = f"P{number}\n# by hand\n{values.shape[1]} {values.shape[0]}\n{white}\n".encode()
    if binary:
        return head + values.astype(">u2").tobytes()
    return head + " ".join(map(str, values.reshape(-1).tolist())).encode() + b"\n"


@mutation(KIND)
def sixteen_bit_png(rng: np.random.Generator, folder: Path) -> Case:
    """PNG of 16 bits, grey or colour, an opaque alpha channel at times."""
    images = image_set(rng, folder)
    for path in images.some():
        values, colour = deep(images.pixels[path]), 2 if images.colour else 0
        if rng.random() < 0.4:
            planes = values if images.colour else values[..., None]
            values = np.concatenate([planes, np.full((*values.shape[:2], 1), 65535, np.uint16)], axis=2)
            colour += 4
        images.write(path, png16(values, colour))
    return images.reads()


@mutation(KIND)
def sixteen_bit_tiff(rng: np.random.Generator, folder: Path) -> Case:
    """TIFF of 16 bits in either order of bytes, packed or not, black and white exchanged at times."""
    images = image_set(rng, folder)
    for path in images.some():
        values, more = deep(images.pixels[path]), {"order": str(rng.choice(["<", ">"]))}
        if not images.colour and more["order"] == "<" and rng.random() < 0.6:  # Pillow reads the other order not
            values, more["photometric"] = 65535 - values, 0
        content = tiff(values, deflate=bool(rng.random() < 0.5), **more)
        images.write(path, content, ".tif")
    return images.reads()


@mutation(KIND)
def deep_netpbm(rng: np.random.Generator, folder: Path) -> Case:
    """PGM and PPM, of bytes or of text, whose header says which value is white."""
    images = image_set(rng, folder)
    for path in images.some():
        white = int(rng.choice([1023, 4095, 16383, 65535]))
        content = netpbm(deep(images.pixels[path], white), white, bool(rng.random() < 0.5))
        images.write(path, content, ".ppm" if images.colour else ".pgm")
    return images.reads()


@mutation(KIND)
def twelve_bits_with_white(rng: np.random.Generator, folder: Path) -> Case:
    """10, 12 or 14 bits in 16, and the study says which value is white."""
    images = image_set(rng, folder)
    white = int(rng.choice([1023, 4095, 16383]))
    images.settings["white"] = white
    for path in images.some():
        values = deep(images.pixels[path], white)
        if rng.random() < 0.5:
            images.write(path, png16(values, 2 if images.colour else 0))
        else:
            images.write(path, tiff(values), ".tif")
    return images.reads()


@mutation(KIND)
def dark_bits(rng: np.random.Generator, folder: Path) -> Case:
    """10 or 12 bits in 16 in all files, and nobody says which value is white: all would be nearly black."""
    images = image_set(rng, folder)
    white = int(rng.choice([1023, 4095]))
    for path in sorted(images.pixels):
        images.write(path, png16(deep(images.pixels[path], white), 2 if images.colour else 0))
    return images.refuses("data.white")


@mutation(KIND)
def floats_with_white(rng: np.random.Generator, folder: Path) -> Case:
    """TIFF of floats, and the study says which value is white."""
    images = image_set(rng, folder, colour=False)
    images.settings["white"] = float(rng.choice([1, 255, 100]))
    for path in images.some():
        values = images.pixels[path].astype(np.float32) * np.float32(images.settings["white"] / 255)
        images.write(path, _tiff_of_pillow(values), ".tif")
    return images.reads()


@mutation(KIND)
def floats_without_white(rng: np.random.Generator, folder: Path) -> Case:
    """TIFF of floats, of which nobody knows what is white."""
    images = image_set(rng, folder, colour=False)
    path = images.one()
    images.write(path, _tiff_of_pillow(images.pixels[path].astype(np.float32) / 255), ".tif")
    return images.refuses("data.white")


@mutation(KIND)
def no_brightness(rng: np.random.Generator, folder: Path) -> Case:
    """NaN, infinity or negative values."""
    images = image_set(rng, folder, colour=False)
    images.settings["white"] = 1.0
    path = images.one()
    values = images.pixels[path].astype(np.float32) / 255
    values[1, 1] = rng.choice([np.nan, np.inf, -0.5])
    images.write(path, _tiff_of_pillow(values), ".tif")
    return images.refuses("negative" if values[1, 1] < 0 else "finite")


@mutation(KIND)
def signed_values(rng: np.random.Generator, folder: Path) -> Case:
    """TIFF of signed numbers, some of them negative, as computed tomography has them."""
    images = image_set(rng, folder, colour=False)
    path = images.one()
    values = images.pixels[path].astype(np.int16) - 128
    images.write(path, tiff(values, sample=2), ".tif")
    return images.refuses("negative")


@mutation(KIND)
def deep_and_transparent(rng: np.random.Generator, folder: Path) -> Case:
    """PNG of 16 bits with wholly transparent pixels, by an alpha channel or by a colour."""
    images = image_set(rng, folder)
    for path in images.some():
        values, pixels = deep(images.pixels[path]), images.pixels[path]
        if rng.random() < 0.5:
            hidden = rng.random(pixels.shape[:2]) < 0.3
            planes = values if images.colour else values[..., None]
            alpha = np.where(hidden, 0, 65535).astype(np.uint16)[..., None]
            content = png16(np.concatenate([planes, alpha], axis=2), 6 if images.colour else 4)
        else:
            key = values[2, 3]
            hidden = (values == key).all(axis=2) if images.colour else values == key
            content = png16(values, 2 if images.colour else 0, png_chunk(b"tRNS", key.astype(">u2").tobytes()))
        pixels[hidden] = 255
        images.write(path, content)
    return images.reads()


@mutation(KIND)
def deep_and_turned(rng: np.random.Generator, folder: Path) -> Case:
    """TIFF of 16 bits with an orientation."""
    images = image_set(rng, folder)
    for path in images.some():
        turn = int(rng.integers(1, 9))
        stored = np.ascontiguousarray(STORED.get(turn, lambda x: x)(deep(images.pixels[path])))
        images.write(path, tiff(stored, str(rng.choice(["<", ">"])), orientation=turn), ".tif")
    return images.reads()


@mutation(KIND)
def deep_jpeg_2000(rng: np.random.Generator, folder: Path) -> Case:
    """JPEG 2000 of 16 bits without losses."""
    images = image_set(rng, folder, colour=False)
    for path in images.some():
        images.write(path, saved(deep(images.pixels[path]), "JPEG2000", irreversible=False), ".jp2")
    return images.reads()


def _tiff_of_pillow(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "TIFF")
    return buffer.getvalue()
