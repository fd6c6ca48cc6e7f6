"""Mutations of folders of images: what lies there besides, how folders are called, and how they are linked."""

import os
import unicodedata
from pathlib import Path

import numpy as np

from benchmarks.input_mutations.cases import Case, Reads, mutation
from benchmarks.input_mutations.image_sets import ImageSet, image_set, of_images, read_images, saved

KIND = "image folders"
LITTER = {
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    ".DS_Store": b"\0\0\0\1Bud1",
    "desktop.ini": b"[.ShellClassInfo]\r\n",
    "._0.png": b"\0\5\x16\7\0\2\0\0Mac OS X",
    ".hidden.png": saved(np.zeros((5, 5), np.uint8)),
    "notes.txt": b"all taken in May\n",
    "boxes.xml": b"<annotation></annotation>",
    "report.pdf": b"%PDF-1.4\n",
    "predictions.csv": b"file,label\n",
    "archive.zip": b"PK\3\4",
    "README": b"# Images\n",
}


def renamed(images: ImageSet, old: str, new: str) -> ImageSet:
    """Rename the folder of a class."""
    (images.root / old).rename(images.root / new)
    images.pixels = {
        f"{new}/{path.split('/', 1)[1]}" if path.startswith(f"{old}/") else path: one
        for path, one in images.pixels.items()
    }
    images.classes = sorted(new if name == old else name for name in images.classes)
    return images


@mutation(KIND)
def litter(rng: np.random.Generator, folder: Path) -> Case:
    """Files that systems and people leave, beside the images, in the root and in folders of their own."""
    images = image_set(rng, folder)
    for name in rng.permutation(list(LITTER))[: rng.integers(1, 6)]:
        below = rng.choice([*images.classes, "", "@eaDir", ".cache"])
        (images.root / below).mkdir(exist_ok=True)
        (images.root / below / name).write_bytes(LITTER[name])
    return images.reads()


@mutation(KIND)
def images_beside_the_classes(rng: np.random.Generator, folder: Path) -> Case:
    """Images in the root, which belong to no class: torchvision passes them over."""
    images = image_set(rng, folder)
    (images.root / "overview.png").write_bytes(saved(images.pixels[images.one()]))
    return images.reads()


@mutation(KIND)
def nested(rng: np.random.Generator, folder: Path) -> Case:
    """Images in folders below the class's, empty ones too."""
    images = image_set(rng, folder)
    for path in images.some():
        name, file = path.split("/", 1)
        below = str(rng.choice(["2024", "a/b", "train", "x y", "patient-07/left"]))
        content = (images.root / path).read_bytes()
        (images.root / path).unlink()
        images.pixels[f"{name}/{below}/{file}"] = images.pixels.pop(path)
        images.write(f"{name}/{below}/{file}", content)
    (images.root / images.classes[0] / "empty").mkdir()
    return images.reads()


@mutation(KIND)
def links(rng: np.random.Generator, folder: Path) -> Case:
    """Links to files, or to the folder of a class, that lie elsewhere."""
    images = image_set(rng, folder)
    (folder / "elsewhere").mkdir()
    if rng.random() < 0.5:
        name = str(rng.choice(images.classes))
        (images.root / name).rename(folder / "elsewhere" / name)
        (images.root / name).symlink_to(folder / "elsewhere" / name, target_is_directory=True)
        return images.reads()
    for number, path in enumerate(images.some()):
        (images.root / path).rename(folder / "elsewhere" / f"{number}")
        (images.root / path).symlink_to(folder / "elsewhere" / f"{number}")
    return images.reads()


@mutation(KIND)
def circular_link(rng: np.random.Generator, folder: Path) -> Case:
    """A link to a folder above, that a walk would follow for ever."""
    images = image_set(rng, folder)
    name = str(rng.choice(images.classes))
    (images.root / name / "again").symlink_to(images.root / name, target_is_directory=True)
    return images.reads()


@mutation(KIND)
def broken_link(rng: np.random.Generator, folder: Path) -> Case:
    """A link to an image that is gone."""
    images = image_set(rng, folder)
    path = images.root / images.one()
    path.unlink()
    path.symlink_to(folder / "gone.png")
    return images.refuses("can't be read")


@mutation(KIND)
def emptied_class(rng: np.random.Generator, folder: Path) -> Case:
    """The folder of a class has no image, nothing or a text in place of them."""
    images = image_set(rng, folder)
    name = str(rng.choice(images.classes))
    for path in [path for path in images.pixels if path.startswith(f"{name}/")]:
        (images.root / path).unlink()
    if rng.random() < 0.5:
        (images.root / name / "notes.txt").write_text("to do")
    return images.refuses("holds no image")


@mutation(KIND)
def one_class(rng: np.random.Generator, folder: Path) -> Case:
    """All images in one folder below the root, or in the root itself."""
    images = image_set(rng, folder)
    if rng.random() < 0.5:
        images.root = images.root / images.classes[0]
    else:
        images.root.rename(folder / "moved")
        images.root.mkdir()
        (folder / "moved").rename(images.root / "photos")
    return images.refuses("expected at least two")


@mutation(KIND)
def odd_names(rng: np.random.Generator, folder: Path) -> Case:
    """Names of classes with blanks, quotes, dollars, commas, other scripts, digits alone."""
    images = image_set(rng, folder)
    for old in list(images.classes):
        new = str(
            rng.choice(["two words", "it's", 'a"b', "$HOME", "a,b", "猫", "שלום", "Ärger", "yes", "#1", "%d", "{x}"])
        )
        if new not in images.classes:
            renamed(images, old, new)
    return images.reads()


@mutation(KIND)
def numbered_classes(rng: np.random.Generator, folder: Path) -> Case:
    """Folders 2, 10 and 1: their order is that of strings, as torchvision has it."""
    images = image_set(rng, folder)
    for old, new in zip(list(images.classes), rng.permutation(["2", "10", "1"]), strict=False):
        renamed(images, old, str(new))
    return images.reads()


@mutation(KIND)
def decomposed_name(rng: np.random.Generator, folder: Path) -> Case:
    """The folder of a class is called in Unicode's other form, or begins or ends with a blank: one class as before."""
    images = image_set(rng, folder)
    form, old = str(rng.choice(["NFC", "NFD"])), str(rng.choice(images.classes))
    new = str(rng.choice([unicodedata.normalize(form, "café"), f"{old} ", f" {old}"]))
    return renamed(images, old, new).reads()


@mutation(KIND)
def decomposed_name_in_classes(rng: np.random.Generator, folder: Path) -> Case:
    """A folder that macOS made, in Unicode's decomposed form; `data.classes` lists its name as keyboards give it."""
    images = image_set(rng, folder)
    renamed(images, images.classes[0], unicodedata.normalize("NFD", "café"))
    composed = [unicodedata.normalize("NFC", name) for name in images.classes]
    images.settings["classes"] = composed
    values = of_images(
        [(unicodedata.normalize("NFC", path.split("/")[0]), "", one) for path, one in images.pixels.items()], composed
    )
    return Reads(lambda: read_images(images.data()), values)


@mutation(KIND)
def twins(rng: np.random.Generator, folder: Path) -> Case:
    """Two folders whose names differ by case, blanks or Unicode form alone: nobody knows whether they are one class."""
    images = image_set(rng, folder)
    old = images.classes[0]
    pairs = [("Bee", "bee"), ("bee ", "bee"), ("be e", "bee"), ("bee\u200b", "bee"),
             (unicodedata.normalize("NFD", "é"), "é")]  # fmt: skip
    twin, name = pairs[rng.integers(len(pairs))]
    if name != old:
        renamed(images, old, name)
    images.write(f"{twin}/1.png", saved(images.pixels[images.one()]))
    return images.refuses("differ by case")


@mutation(KIND)
def order_of_classes(rng: np.random.Generator, folder: Path) -> Case:
    """`data.classes` gives the numbers of the classes."""
    images = image_set(rng, folder)
    images.classes = [str(name) for name in rng.permutation(images.classes)]
    images.settings["classes"] = list(images.classes)
    return images.reads()


@mutation(KIND)
def some_classes(rng: np.random.Generator, folder: Path) -> Case:
    """`data.classes` leaves a class out, whose images may be broken."""
    images = image_set(rng, folder)
    images.write("fox/1.png", b"broken")
    images.write("fox/2.png", saved(images.pixels[images.one()]))
    images.settings["classes"] = list(images.classes)
    return images.reads()


@mutation(KIND)
def unknown_class(rng: np.random.Generator, folder: Path) -> Case:
    """`data.classes` has a name that no folder has."""
    images = image_set(rng, folder)
    images.settings["classes"] = [*images.classes, str(rng.choice(["beee", "emu", "Cat"]))]
    return images.refuses("data.classes")


@mutation(KIND)
def unreadable_folder(rng: np.random.Generator, folder: Path) -> Case:
    """A link to a folder of a class that is gone leaves one class too few, or a file stands in its place."""
    images = image_set(rng, folder)
    for name in images.classes[1:]:
        os.rename(images.root / name, folder / name)  # noqa: PTH104
        (images.root / name).symlink_to(folder / "gone")
    return images.refuses("expected at least two")


@mutation(KIND)
def odd_files(rng: np.random.Generator, folder: Path) -> Case:
    """Names of files with bytes that are no UTF-8, ends of lines, quotes, dollars, or blanks at the end."""
    images = image_set(rng, folder)
    for path in images.some():
        new = str(
            rng.choice(["a\nb.png", os.fsdecode(b"caf\xe9.png"), "it's $HOME.png", "x.png ", '"%s{}".png', "-rf.png"])
        )
        new = f"{path.split('/')[0]}/{new}"
        if new not in images.pixels:
            (images.root / path).rename(images.root / new)
            images.pixels[new] = images.pixels.pop(path)
    return images.reads()


@mutation(KIND)
def odd_name_of_a_broken_file(rng: np.random.Generator, folder: Path) -> Case:
    """A broken image whose name has an end of line, or bytes that are no UTF-8: still one line."""
    images = image_set(rng, folder)
    name = str(rng.choice(["a\nb.png", os.fsdecode(b"caf\xe9.png"), "\x1b[31mred.png", "a\rb.png"]))
    images.write(f"{images.classes[0]}/{name}", b"broken")
    return images.refuses("is not a readable image")
