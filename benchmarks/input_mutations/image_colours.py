"""Mutations of the colours of image files: transparency, profiles, channels."""

from pathlib import Path

import numpy as np
from PIL import ImageCms

from benchmarks.input_mutations.cases import Case, mutation
from benchmarks.input_mutations.image_sets import image_set, noise, picture, saved

KIND = "image files"


@mutation(KIND)
def opaque_alpha(rng: np.random.Generator, folder: Path) -> Case:
    """An alpha channel without a transparent pixel."""
    images = image_set(rng, folder)
    for path in images.some():
        image = picture(images.pixels[path])
        image.putalpha(255)
        kinds = [("PNG", ".png"), ("TIFF", ".tif"), ("TGA", ".tga")]
        kind, suffix = kinds[rng.integers(len(kinds))]
        images.write(path, saved(image, kind), suffix)
    return images.reads()


@mutation(KIND)
def transparent_pixels(rng: np.random.Generator, folder: Path) -> Case:
    """Pixels that are wholly transparent have the background's colour, white unless another is set."""
    images = image_set(rng, folder)
    shade = 255
    if rng.random() < 0.5:
        images.settings["background"], shade = ("black", 0) if rng.random() < 0.5 else ("#404040", 64)
    for path in images.some():
        hidden = noise(rng, images.pixels[path].shape[:2]) < 80
        image = picture(images.pixels[path])
        image.putalpha(picture(np.where(hidden, 0, 255).astype(np.uint8)))
        images.pixels[path][hidden] = shade
        images.write(path, saved(image))
    return images.reads()


@mutation(KIND)
def transparent_colour(rng: np.random.Generator, folder: Path) -> Case:
    """A PNG one of whose colours is transparent."""
    images = image_set(rng, folder)
    for path in images.some():
        pixels = images.pixels[path]
        key = pixels[2, 3].copy()
        chosen = tuple(int(one) for one in key) if images.colour else int(key)
        content = saved(pixels, transparency=chosen)
        hidden = (pixels == key).all(axis=2) if images.colour else pixels == key
        pixels[hidden] = 255
        images.write(path, content)
    return images.reads()


@mutation(KIND)
def grey_as_colour(rng: np.random.Generator, folder: Path) -> Case:
    """Grey images with three equal channels, among others, where the study says how many channels it wants."""
    images = image_set(rng, folder, colour=False)
    images.settings["channels"] = int(rng.choice([1, 3]))
    for path in images.some():
        images.write(path, saved(np.repeat(images.pixels[path][..., None], 3, axis=2)))
    if images.settings["channels"] == 3:
        images.pixels = {path: np.repeat(one[..., None], 3, axis=2) for path, one in images.pixels.items()}
    return images.reads()


@mutation(KIND)
def grey_among_colours(rng: np.random.Generator, folder: Path) -> Case:
    """Images of one and of three channels where the study doesn't say what it wants."""
    images = image_set(rng, folder, colour=True)
    path = images.one()
    images.write(path, saved(images.pixels[path][..., 0]))
    return images.refuses("data.channels")


@mutation(KIND)
def srgb_profile(rng: np.random.Generator, folder: Path) -> Case:
    """The colour profile that all readers assume anyway."""
    images = image_set(rng, folder, colour=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for path in images.some():
        kind, suffix = (("PNG", ".png"), ("TIFF", ".tif"))[rng.integers(2)]
        images.write(path, saved(images.pixels[path], kind, icc_profile=profile), suffix)
    return images.reads()


@mutation(KIND)
def broken_profile(rng: np.random.Generator, folder: Path) -> Case:
    """A profile that is none: Pillow, torchvision and browsers show the pixels as they are."""
    images = image_set(rng, folder)
    for path in images.some():
        images.write(path, saved(images.pixels[path], icc_profile=rng.bytes(200)))
    return images.reads()


@mutation(KIND)
def colour_as_grey(rng: np.random.Generator, folder: Path) -> Case:
    """`data.channels` wants grey: the brightness that Pillow and torchvision compute."""
    images = image_set(rng, folder, colour=True)
    images.settings["channels"] = 1
    images.pixels = {path: np.asarray(picture(one).convert("L")) for path, one in images.pixels.items()}
    return images.reads()
