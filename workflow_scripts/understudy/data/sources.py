"""Labelled images from where a study says they are: scikit-learn's digits, torchvision, folders, parquet."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from understudy.data.decoding import IMAGE_SUFFIXES, decode, image_files, read_bytes
from understudy.data.settings import DIGITS, DataSettings
from understudy.data.shards import Images, read_labels, read_pictures, stack_images, write_images
from understudy.errors import StudyError
from understudy.files import write_json

# What a reader of a source returns: images, labels, the images' names for messages, the classes' names.
Source = tuple[list[np.ndarray], Sequence[int], list[str], list[str]]
# Each image is converted as soon as it is decoded, so that large originals are never in memory together.
Convert = Callable[[np.ndarray], np.ndarray]
# Bytes of a source that its state is made of, spread evenly over its files, and how many of each file at least.
STATE_BYTES = 32 * 2**20
STATE_BYTES_PER_FILE = 8192


def prepare(settings: DataSettings, images_path: Path, classes_path: Path) -> None:
    """Read a study's images from their source and write them as one parquet file, with their classes' names as JSON."""
    data, classes = load_source(settings)
    write_images(images_path, data.images, data.labels, **{name: data.columns[name] for name in data.columns})
    write_json(classes_path, {"classes": classes})


def load_source(settings: DataSettings) -> tuple[Images, list[str]]:
    """Return a source's images, with column ``index`` (place in the source), and the names of its classes.

    Raises
    ------
    StudyError
        If an image cannot be read, shapes differ, or labels aren't 0 to classes - 1.
    """
    convert = partial(_convert, settings=settings)
    if settings.source == DIGITS:
        pictures, labels, names, classes = _digits(convert)
    elif settings.source.startswith("torchvision:"):
        dataset = settings.source.removeprefix("torchvision:")
        pictures, labels, names, classes = _torchvision(dataset, settings.root, convert)
    elif settings.source == "imagefolder":
        pictures, labels, names, classes = _image_folder(settings.root, convert)
    else:
        pictures, names, labels, _ = read_pictures(settings.root, convert)
        classes = [str(label) for label in range(int(labels.max()) + 1)]
    labels = np.asarray(labels, dtype=np.int64)
    if (labels < 0).any() or len(np.unique(labels)) != len(classes):
        raise StudyError(
            f"data.root: {settings.root} has labels {np.unique(labels).tolist()[:12]}, expected every whole number "
            f"from 0 to {len(classes) - 1}"
        )
    return Images(stack_images(pictures, names), labels, pd.DataFrame({"index": np.arange(len(labels))})), classes


def load_known_classes(root: Path, classes: Sequence[str], size: int, channels: int) -> Images:
    """Return the images of those of ``classes`` that ``root`` has a folder for; labels are places in ``classes``.

    Other folders are left out, so that a test set of a thousand classes serves a study of a hundred.

    Raises
    ------
    StudyError
        If ``root`` has a folder for none of them, or an image cannot be read.
    """
    folders = {name: root / name for name in classes if (root / name).is_dir()}
    files = [(path, list(classes).index(name)) for name, folder in folders.items() for path in image_files(folder)]
    if not files:
        raise StudyError(f"{root} has images of none of the data's classes ({classes[0]}, ...); name its folders so")
    settings = DataSettings(source="imagefolder", root=root, size=size, channels=channels)
    pictures = [_convert(decode(read_bytes(path), str(path)), settings) for path, _ in files]
    labels = np.array([label for _, label in files], dtype=np.int64)
    return Images(np.stack(pictures), labels, pd.DataFrame({"index": np.arange(len(labels))}))


def count_images(settings: DataSettings) -> np.ndarray | None:
    """Return the number of images per class where that is quick to know (no image is decoded), else None."""
    if settings.source == DIGITS:
        return np.array([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    if settings.source == "imagefolder":
        return np.array([len(files) for files in _class_folders(settings.root).values()])
    if settings.source == "parquet":
        labels = read_labels(settings.root)
        return np.bincount(labels) if len(labels) and labels.min() >= 0 else None
    return None


def source_state(settings: DataSettings) -> str:
    """Return the state of the files below the source's root."""
    return files_state(settings.root)


def files_state(root: Path | None) -> str:
    """Return a digest of the files below ``root``, hidden ones left out: images added, removed or replaced show.

    It is taken of names, sizes and both ends of each file. Times are left out: a clone or a copy changes them, and
    would have a study of the same images trained anew. Whole files take too long at every start of Snakemake. The
    ends tell nearly all: a PNG ends with a checksum of its pixels, a compressed image that changes rarely keeps its
    size, and files up to 8 KB are read whole, larger ones where they are few.
    """
    digest = hashlib.blake2b(digest_size=8)
    files = [] if root is None else list(_visible_files(root)) if root.is_dir() else [root]
    end = max(STATE_BYTES // max(len(files), 1), STATE_BYTES_PER_FILE) // 2
    for path in files:
        digest.update(str(path).removeprefix(str(root)).encode(errors="surrogateescape"))
        try:
            with path.open("rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                digest.update(f"\n{size}\n".encode())
                digest.update(file.read(end))
                if size > end:
                    file.seek(max(size - end, end))
                    digest.update(file.read(end))
        except OSError as error:  # whoever needs it says what is wrong with it
            digest.update(f"\n{error.strerror}\n".encode())
    return digest.hexdigest()


def _visible_files(root: Path) -> Iterator[Path]:
    """Yield the files below a folder in a fixed order, those of linked folders too."""
    seen = set()
    for folder, inside, names in os.walk(root, followlinks=True):
        # A link to a folder above would lead round forever.
        inside[:] = [] if os.path.realpath(folder) in seen else sorted(name for name in inside if name[0] != ".")
        seen.add(os.path.realpath(folder))
        paths = (Path(folder, name) for name in sorted(names) if name[0] != ".")
        yield from (path for path in paths if path.is_file())


def _convert(picture: np.ndarray, settings: DataSettings) -> np.ndarray:
    """Bring a uint8 image [C, H, W] to the study's size and channels."""
    channels = settings.channels or picture.shape[0]
    size = (settings.size, settings.size) if settings.size else picture.shape[1:]
    if picture.shape == (channels, *size):
        return picture
    image = Image.fromarray(picture[0] if picture.shape[0] == 1 else np.ascontiguousarray(picture.transpose(1, 2, 0)))
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _digits(convert: Convert) -> Source:
    from sklearn.datasets import load_digits  # imported here: it takes a second that no other source needs

    digits = load_digits()
    # Ink is a count of dark pixels out of 16.
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)[:, None]  # [1797, 1, 8, 8]
    pictures = [convert(image) for image in images]
    return pictures, digits.target, [f"digit {place}" for place in range(len(pictures))], list("0123456789")


def _torchvision(dataset: str, root: Path, convert: Convert) -> Source:
    import torchvision.datasets  # imported here: it loads torch, which no other source needs

    kind = getattr(torchvision.datasets, dataset, None)
    if not isinstance(kind, type):
        raise StudyError(f"data.source: torchvision has no data set {dataset!r}; for example: CIFAR10, MNIST")
    parts = []
    for keywords in ({"train": True}, {"train": False}):
        try:
            parts.append(kind(root=str(root), download=False, **keywords))
        except TypeError as error:
            raise StudyError(
                f"data.source: torchvision's {dataset} has no train and test parts that can be pooled ({error}); "
                "export it as an imagefolder or parquet"
            ) from error
        except RuntimeError as error:
            raise StudyError(
                f"data.root: {root} does not hold torchvision's {dataset} ({error}); download it there first: "
                f"python -c \"import torchvision; torchvision.datasets.{dataset}('{root}', download=True)\""
            ) from error
    pictures, labels, names = [], [], []
    for part, title in zip(parts, ("train", "test"), strict=True):
        for place in range(len(part)):
            picture, label = part[place]
            pixels = np.asarray(picture)
            pictures.append(convert(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)))
            labels.append(int(label))
            names.append(f"{dataset} {title} image {place}")
    classes = getattr(parts[0], "classes", None) or [str(label) for label in range(max(labels) + 1)]
    return pictures, labels, names, [str(name) for name in classes]


def _class_folders(root: Path) -> dict[str, Sequence[Path]]:
    folders = {
        folder.name: image_files(folder)
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
    }
    if len(folders) < 2:
        raise StudyError(
            f"data.root: {root} holds {len(folders)} class folder(s); expected at least two: root/class/image.png"
        )
    for name, files in folders.items():
        if not files:
            raise StudyError(f"data.root: {root / name} holds no image; allowed: {', '.join(sorted(IMAGE_SUFFIXES))}")
    return folders


def _image_folder(root: Path, convert: Convert) -> Source:
    folders = _class_folders(root)
    files = [(path, label) for label, paths in enumerate(folders.values()) for path in paths]
    pictures = [convert(decode(read_bytes(path), str(path))) for path, _ in files]
    return pictures, [label for _, label in files], [str(path) for path, _ in files], list(folders)
