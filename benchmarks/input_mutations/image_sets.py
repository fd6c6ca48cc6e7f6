"""Sets of images to mutate, and what a study reads of them."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.input_mutations.cases import Reads, Refuses
from understudy.data.preparation import prepare
from understudy.data.settings import DataSettings

CLASSES = ("bee", "cat", "dog")


def picture(pixels: np.ndarray) -> Image.Image:
    """Return pixels [H, W] or [H, W, 3], or of 2 or 4 channels, as a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels))


def saved(image: Image.Image | np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """Return the bytes of an image's file."""
    buffer = io.BytesIO()
    (picture(image) if isinstance(image, np.ndarray) else image).save(buffer, kind, **options)
    return buffer.getvalue()


def noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return an image of chance, with black and white in it."""
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    pixels.reshape(-1)[:6] = [0, 0, 0, 255, 255, 255]
    return pixels


@dataclass
class ImageSet:
    """Images in a folder for each class, each a PNG, and what a study is to read of them.

    Attributes
    ----------
    root : folder
    pixels : by path below it, what is to be read, uint8 [H, W] or [H, W, 3]
    classes : in the order of their numbers
    settings : of the study's data, beside source and root
    """

    root: Path
    rng: np.random.Generator
    pixels: dict[str, np.ndarray]
    classes: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    source: str = "imagefolder"

    @property
    def colour(self) -> bool:
        """Whether the images have colours."""
        return next(iter(self.pixels.values())).ndim == 3

    def one(self) -> str:
        """Return the path of any image."""
        return str(self.rng.choice(sorted(self.pixels)))

    def some(self) -> list[str]:
        """Return the paths of one or more images, all of them at times."""
        paths = sorted(self.pixels)
        return list(self.rng.permutation(paths)[: self.rng.integers(1, len(paths) + 1)])

    def write(self, path: str, content: bytes, suffix: str | None = None) -> str:
        """Write another content in place of an image's file, under another suffix if one is given."""
        (self.root / path).unlink(missing_ok=True)
        new = path if suffix is None else f"{path.removesuffix(Path(path).suffix)}{suffix}"
        if new != path and path in self.pixels:
            self.pixels[new] = self.pixels.pop(path)
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / new).write_bytes(content)
        return new

    def data(self) -> DataSettings:
        """Return the settings of the data."""
        return DataSettings(source=self.source, root=self.root, **self.settings)

    def reads(self) -> Reads:
        """Return that the set is read, with the pixels and classes that it has."""
        images = [(path.split("/")[0], "", pixels) for path, pixels in self.pixels.items()]
        return Reads(lambda: read_images(self.data()), of_images(images, self.classes))

    def refuses(self, word: str) -> Refuses:
        """Return that the set is refused."""
        return Refuses(lambda: read_images(self.data()), word)


def image_set(rng: np.random.Generator, folder: Path, colour: bool | None = None, square: bool = False) -> ImageSet:
    """Write a set of two or three classes, of images of one size, grey or colour."""
    height = int(rng.integers(6, 14))
    width = height if square else int(rng.integers(6, 14))
    colour = bool(rng.random() < 0.6) if colour is None else colour
    classes = CLASSES[: rng.integers(2, 4)]
    shape = (height, width, 3) if colour else (height, width)
    names = [f"{name}/{number}.png" for name in classes for number in range(rng.integers(2, 4))]
    out = ImageSet(folder / "images", rng, {name: noise(rng, shape) for name in names}, list(classes))
    for path, pixels in out.pixels.items():
        out.write(path, saved(pixels))
    return out


def read_images(settings: DataSettings) -> dict[str, Any]:
    """Return what a study's job gets of its images, in a form that doesn't depend on their order."""
    found = prepare(settings)
    columns = found.columns()
    parts = columns.get("part", np.full(len(columns["label"]), ""))
    images = [
        (found.source.classes[label], str(part), np.asarray(Image.open(io.BytesIO(found.pictures.encoded[number]))))
        for number, label, part in zip(columns["index"], columns["label"], parts, strict=True)
    ]
    return of_images(images, found.source.classes)


def of_images(images: Iterable[tuple[str, str, np.ndarray]], classes: Iterable[str]) -> Mapping[str, Any]:
    """Return class, part and pixels of images, and the classes in their order, as values to compare."""
    described = [(name, part, pixels.shape, pixels.tobytes()) for name, part, pixels in images]
    return {"classes": list(classes), "images": sorted(described)}
