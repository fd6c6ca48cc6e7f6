"""Mutations of folders of images that are parts of the data, and of images that they share."""

from pathlib import Path

import numpy as np

from benchmarks.input_mutations.cases import Case, Reads, mutation
from benchmarks.input_mutations.image_sets import ImageSet, image_set, of_images, read_images, saved

KIND = "image folders"


@mutation(KIND)
def folders_of_parts(rng: np.random.Generator, folder: Path) -> Case:
    """Train and test below the root, each with the classes: no classes themselves, unless someone says so."""
    images, train, test = parts(rng, folder)
    images.root = folder
    if rng.random() < 0.3:
        return images.refuses("data.parts")
    if rng.random() < 0.4:
        images.settings["pool_parts"] = True
        values = of_images([(p.split("/")[0], "", x) for one in (train, test) for p, x in one.pixels.items()],
                           images.classes)  # fmt: skip
    else:
        images.settings["parts"] = {"train": train.root.name, "test": test.root.name}
        values = of_images([(p.split("/")[0], part, x) for part, one in (("train", train), ("test", test))
                            for p, x in one.pixels.items()], images.classes)  # fmt: skip
    return Reads(lambda: read_images(images.data()), values)


def parts(rng: np.random.Generator, folder: Path) -> tuple[ImageSet, ImageSet, ImageSet]:
    """Write folders of train and test with the same classes."""
    train = image_set(rng, folder)
    train.root = train.root.rename(folder / str(rng.choice(["train", "Training", "TRAIN"])))
    words = {"train": "test", "Training": "Testing", "TRAIN": "VALID"}
    pixels = {path: train.pixels[path][::-1].copy() for path in train.pixels}
    test = ImageSet(folder / words[train.root.name], rng, pixels, train.classes)
    for path, one in pixels.items():
        test.write(path, saved(one))
    return ImageSet(folder, rng, {}, train.classes), train, test


@mutation(KIND)
def part_without_a_class(rng: np.random.Generator, folder: Path) -> Case:
    """A class that the test part lacks."""
    images, train, test = parts(rng, folder)
    name = str(rng.choice(images.classes))
    for path in test.pixels:
        if path.startswith(f"{name}/"):
            (test.root / path).unlink()
    (test.root / name).rmdir()
    images.settings["parts"] = {"train": train.root.name, "test": test.root.name}
    return images.refuses(name if len(images.classes) > 2 else "at least two")


@mutation(KIND)
def equal_images(rng: np.random.Generator, folder: Path) -> Case:
    """An image twice, in another class too: kept by default, left out on request."""
    images = image_set(rng, folder)
    path = images.one()
    name = path.split("/")[0]
    other = str(rng.choice([one for one in images.classes if one != name]))
    images.pixels[f"{other}/copy.bmp"] = images.pixels[path]
    images.write(f"{other}/copy.bmp", saved(images.pixels[path], "BMP"))
    if rng.random() < 0.5:
        images.settings["label_conflicts"] = "drop"
        del images.pixels[path], images.pixels[f"{other}/copy.bmp"]
    return images.reads()
