"""Mutations of single image files that leave their pixels as they are, or that nobody can read."""

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.image_sets import image_set, noise, saved
from tests.data.image_bytes import png, png_chunk

KIND = "image files"
ORIENTATION = 0x0112
# What a reader does for each orientation, and hence how the file is stored: the inverse.
STORED = {
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, 1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: np.rot90(x, -1),
}
LOSSLESS = {
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".TIF": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
    ".tga": ("TGA", {}),
    ".pcx": ("PCX", {}),
    ".sgi": ("SGI", {}),
    ".jp2": ("JPEG2000", {"irreversible": False}),
    ".im": ("IM", {}),
    ".png": ("PNG", {"compress_level": 0}),
}
SUFFIXES = (".jpg", ".tif", ".bmp", ".JPEG", ".gif", ".webp", ".ppm")


@mutation(KIND)
def orientation_tag(rng: np.random.Generator, folder: Path) -> Case:
    """Pixels are stored turned or mirrored, with the tag that says so."""
    images = image_set(rng, folder)
    for path in images.some():
        turn = int(rng.integers(2, 9))
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        kinds = [("PNG", ".png", {}), ("TIFF", ".tif", {})]
        kinds += [("WEBP", ".webp", {"lossless": True, "exact": True})] if images.colour else []
        kind, suffix, options = kinds[rng.integers(len(kinds))]
        images.write(path, saved(STORED[turn](images.pixels[path]), kind, exif=exif, **options), suffix)
    return images.reads()


@mutation(KIND)
def orientation_in_jpeg(rng: np.random.Generator, folder: Path) -> Case:
    """A JPEG with an orientation tag: what is right is its own decoded pixels, turned."""
    images = image_set(rng, folder, square=True)
    for path in images.some():
        turn = int(rng.integers(2, 9))
        exif = Image.Exif()
        exif[ORIENTATION] = turn
        content = saved(images.pixels[path], "JPEG", exif=exif, quality=95)
        plain = np.asarray(Image.open(io.BytesIO(content)))
        back = {6: 8, 8: 6}.get(turn, turn)
        images.pixels[path] = np.ascontiguousarray(STORED[back](plain))
        images.write(path, content, ".jpg")
    return images.reads()


@mutation(KIND)
def orientation_out_of_range(rng: np.random.Generator, folder: Path) -> Case:
    """Tags such as 0 or 9, which viewers ignore."""
    images = image_set(rng, folder)
    for path in images.some():
        exif = Image.Exif()
        exif[ORIENTATION] = int(rng.choice([0, 1, 9, 255, 65535]))
        images.write(path, saved(images.pixels[path], exif=exif))
    return images.reads()


@mutation(KIND)
def suffix_of_another_format(rng: np.random.Generator, folder: Path) -> Case:
    """The content is PNG, whatever the suffix says."""
    images = image_set(rng, folder)
    for path in images.some():
        images.write(path, saved(images.pixels[path]), str(rng.choice(SUFFIXES)))
    return images.reads()


@mutation(KIND)
def suffix_removed(rng: np.random.Generator, folder: Path) -> Case:
    """No suffix, or one that no image has."""
    images = image_set(rng, folder)
    for path in images.some():
        kind = str(rng.choice(["PNG", "BMP", "TIFF"]))
        images.write(path, saved(images.pixels[path], kind), str(rng.choice(["", ".dat", ".image", ".0001"])))
    return images.reads()


@mutation(KIND)
def suffix_in_capitals(rng: np.random.Generator, folder: Path) -> Case:
    """PNG, Png, and blanks in the name."""
    images = image_set(rng, folder)
    for path in images.some():
        images.write(path, saved(images.pixels[path]), str(rng.choice([".PNG", ".Png", " (copy 1).png"])))
    return images.reads()


@mutation(KIND)
def other_size(rng: np.random.Generator, folder: Path) -> Case:
    """One image of another size where the study doesn't say what it wants."""
    images = image_set(rng, folder)
    path = images.one()
    images.write(path, saved(np.concatenate([images.pixels[path]] * 2, axis=int(rng.integers(2)))))
    return images.refuses("data.size")


@mutation(KIND)
def metadata(rng: np.random.Generator, folder: Path) -> Case:
    """Texts, resolution, time, a stated gamma: no pixel depends on them."""
    images = image_set(rng, folder)
    for path in images.some():
        content = saved(images.pixels[path], dpi=(300, 300))
        extra = [png_chunk(b"tEXt", b"Comment\0made by hand"), png_chunk(b"gAMA", struct.pack(">I", 100000)),
                 png_chunk(b"tIME", b"\x07\xe8\x01\x01\0\0\0")]  # fmt: skip
        images.write(path, content[:33] + extra[rng.integers(3)] + content[33:])
    return images.reads()


@mutation(KIND)
def bytes_behind(rng: np.random.Generator, folder: Path) -> Case:
    """Bytes behind a PNG's end, as some cameras and editors leave them."""
    images = image_set(rng, folder)
    for path in images.some():
        images.write(path, saved(images.pixels[path]) + rng.bytes(int(rng.integers(1, 60))))
    return images.reads()


@mutation(KIND)
def truncated(rng: np.random.Generator, folder: Path) -> Case:
    """The end is missing, pixels among it."""
    images = image_set(rng, folder)
    path = images.one()
    suffix = str(rng.choice([".png", ".tif", ".bmp", ".ppm", ".jp2"]))
    kind, options = LOSSLESS[suffix]
    content = saved(images.pixels[path], kind, **options)
    images.write(path, content[: int(len(content) * rng.uniform(0.1, 0.7))], suffix)
    return images.refuses("is not a readable image")


@mutation(KIND)
def replaced(rng: np.random.Generator, folder: Path) -> Case:
    """Nothing, a web page, text, a pointer of Git LFS, or bytes by chance in place of an image."""
    images = image_set(rng, folder)
    contents = [
        b"",
        b"<!DOCTYPE html><html>404</html>",
        b"not found\n",
        rng.bytes(500),
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        b"PK\3\4" + rng.bytes(99),
    ]
    images.write(images.one(), contents[rng.integers(len(contents))])
    return images.refuses("is not a readable image")


@mutation(KIND)
def header_of_a_bomb(rng: np.random.Generator, folder: Path) -> Case:
    """A header that states billions of pixels."""
    images = image_set(rng, folder)
    images.write(images.one(), png([b"\0" * 10], (int(rng.integers(30_000, 90_000)), 60_000), 8, 0))
    return images.refuses("pixels")


@mutation(KIND)
def cut_or_padded(rng: np.random.Generator, folder: Path) -> Case:
    """A size that needs no scaling: images are cut to the middle, or filled up."""
    images = image_set(rng, folder)
    short, even = int(rng.integers(5, 10)), 2 * int(rng.integers(1, 4))
    images.settings["resize"] = str(rng.choice(["crop", "pad"]))
    images.settings["size"] = short if images.settings["resize"] == "crop" else short + even
    for path in sorted(images.pixels):
        wide = rng.random() < 0.5
        shape = (short, short + even) if wide else (short + even, short)
        stored = noise(rng, shape + images.pixels[path].shape[2:])
        if images.settings["resize"] == "crop":
            half = even // 2
            images.pixels[path] = stored[:, half:-half] if wide else stored[half:-half]
        else:
            sides = [(0, 0)] * stored.ndim
            sides[0 if wide else 1] = (even // 2, even // 2)
            images.pixels[path] = np.pad(stored, sides, constant_values=255)
        images.write(path, saved(stored))
    return images.reads()
