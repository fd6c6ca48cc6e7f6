"""Data sets of torchvision that were downloaded before, with the parts that they have."""

import inspect
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.data.decoding import read_bytes, to_array
from understudy.data.names import TEST_WORDS, TRAIN_WORDS, VALIDATION_WORDS
from understudy.data.source_images import PARTS, Joined, SourceImages, with_classes
from understudy.errors import StudyError

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

# Known without torch, which takes seconds to load: a study is planned by them. Other sets have train and test.
WITHOUT_PARTS = {"Caltech101", "Caltech256", "EuroSAT", "FakeData", "ImageFolder", "Omniglot", "SEMEION", "SUN397"}
WITH_VALIDATION = {"CLEVRClassification", "Country211", "DTD", "FGVCAircraft", "Flowers102", "PCAM", "RenderedSST2"}
SPLITS = {"train": TRAIN_WORDS, "validation": VALIDATION_WORDS, "test": TEST_WORDS}


def own_parts(settings: "DataSettings") -> tuple[str, ...]:
    """Return the parts of a data set's images."""
    dataset = settings.source.partition(":")[2]
    if dataset in WITHOUT_PARTS:
        return ()
    return PARTS if dataset in WITH_VALIDATION else ("train", "test")


def read(settings: "DataSettings") -> SourceImages:
    """Return the images of the parts train, validation and test, as far as the set has them."""
    dataset = settings.source.partition(":")[2]
    found = _parts(settings.root, dataset)
    items, labels, names, parts = [], [], [], []
    for part, images in found.items():
        items.append(_Items(images, f"{dataset} {part}".strip()))
        labels += items[-1].labels()
        names += items[-1].names()
        parts += [part] * len(images)
    first = next(iter(found.values()))
    classes = getattr(first, "classes", None) or getattr(first, "categories", None)
    classes = classes or range(max(labels, default=0) + 1)
    # ImageNet's classes have several names each.
    named = [", ".join(name) if isinstance(name, tuple) else str(name) for name in classes]
    given = SourceImages(
        Joined(items), np.array(labels, dtype=np.int64), names, named, None if "" in found else np.array(parts)
    )
    return with_classes(given, settings)


@dataclass(frozen=True)
class _Items(Sequence):
    """The images of a part: the bytes of files, or pictures that the data set makes itself."""

    images: Sequence
    title: str

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, number: int) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        item = self._get(number)[0]
        return to_array(item) if getattr(item, "mode", None) in ("L", "RGB") else item

    def names(self) -> list[str]:
        return [f"{self.title} image {number}" for number in range(len(self))]

    def labels(self) -> list[int]:
        """Return the labels, of lists that most sets have, else image by image."""
        for name in ("targets", "labels", "_labels"):
            listed = getattr(self.images, name, None)
            if np.ndim(listed) == 1 and len(listed) == len(self):
                return [self._number(label) for label in np.asarray(listed).tolist()]
        return [self._number(self._get(number)[1]) for number in range(len(self))]

    def _number(self, label: Any) -> int:
        try:
            return operator.index(label)
        except TypeError as error:
            raise StudyError(
                f"data.source: torchvision's {self.title} has no class of each image, but {str(label)[:40]}; export it "
                "as an imagefolder or parquet"
            ) from error

    def _get(self, number: int) -> Any:
        try:
            return self.images[number]
        except Exception as error:  # each data set has its own
            raise StudyError(
                f"data.root: image {number} of {self.title} can't be read ({type(error).__name__}: {error}); download "
                "the data set again"
            ) from error


def _parts(root: Path, dataset: str) -> dict[str, Sequence]:
    """Return the data sets of each part; of the part "" where the set has no parts."""
    import torchvision.datasets  # imported here: it loads torch, which no other source needs

    kind = getattr(torchvision.datasets, dataset, None)
    if not isinstance(kind, type):
        raise StudyError(f"data.source: torchvision has no data set {dataset!r}; for example: CIFAR10, MNIST")
    arguments = inspect.signature(kind.__init__).parameters
    if _needs_more(arguments):
        raise StudyError(
            f"data.source: torchvision's {dataset} needs arguments that a study can't give "
            f"({', '.join(_needs_more(arguments))}); export it as an imagefolder or parquet"
        )
    options = {"download": False} if "download" in arguments else {}

    def make(**chosen: Any) -> Sequence:
        return _made(kind, root, dataset, {**options, **chosen})

    if "train" in arguments:
        return {"train": make(train=True), "test": make(train=False)}
    if "split" not in arguments:
        return {"": make()}
    return _splits(make, dataset)


def _needs_more(arguments: dict[str, inspect.Parameter]) -> list[str]:
    """Return the names of arguments that a data set needs beside its root."""
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [one.name for one in arguments.values() if one.kind in plain and one.default is inspect.Parameter.empty]
    return [name for name in needed if name not in ("self", "root", "train", "download")]


def _splits(make: Callable[..., Sequence], dataset: str) -> dict[str, Sequence]:
    """Return the parts of a set whose argument `split` names them; without a test part, validation is to test."""
    found = {}
    for part, words in SPLITS.items():
        for word in words:
            try:
                found[part] = make(split=word)
            except ValueError:  # what torchvision says of a split that the set hasn't
                continue
            break
        if part not in found and part == "train":
            break  # the other parts alone are of no use
    if "test" not in found and "validation" in found:
        found["test"] = found.pop("validation")
    if not {"train", "test"} <= set(found):
        raise StudyError(
            f"data.source: torchvision's {dataset} has no train and test parts; export it as an imagefolder or parquet"
        )
    return found


def _made(kind: type, root: Path, dataset: str, options: dict[str, Any]) -> Sequence:
    try:
        made = kind(root=str(root), **options)
    except ValueError as error:
        if "split" in options:
            raise
        raise _refused(dataset, error) from error
    except (RuntimeError, OSError) as error:
        argument = "".join(f", {name}={value!r}" for name, value in options.items() if name == "split")
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StudyError(
            f"data.root: {root} does not hold torchvision's {dataset} ({first}); download it there first: "
            f'python -c "import torchvision; torchvision.datasets.{dataset}({str(root)!r}{argument}, download=True)"'
        ) from error
    except Exception as error:  # each data set has its own
        raise _refused(dataset, error) from error
    if getattr(made, "loader", None) is not None:
        made.loader = _read  # the project reads pictures in one way only
    return made


def _read(path: str | Path) -> bytes:
    return read_bytes(Path(path))


def _refused(dataset: str, error: Exception) -> StudyError:
    first = str(error).splitlines()[0] if str(error) else ""
    return StudyError(
        f"data.source: torchvision's {dataset} can't be read as labelled images ({type(error).__name__}: {first}); "
        "export it as an imagefolder or parquet"
    )
