"""Which files below a folder are images: those of a folder per class, read as torchvision and timm do."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image

from understudy.data.decoding import read_bytes
from understudy.errors import StudyError
from understudy.text import printable, some

# What systems leave beside images, whatever its content.
LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
LITTER_FOLDERS = {"__macosx", "@eadir"}
# Formats that Pillow knows by name alone, and hands over to other programs.
NOT_READ = {"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}
# Formats whose first bytes say little: a file without their suffix is one of them if it can be decoded.
FAINT = {"CUR", "DCX", "GBR", "IM", "IMT", "MCIDAS", "PCD", "PIXAR", "SPIDER", "TGA", "XVTHUMB"}
HIDDEN, FOREIGN, CIRCULAR = "hidden, or left there by a system", "no image", "link to a folder above"


@dataclass
class Skipped:
    """What was passed over: names of files by the reason."""

    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, path: str | Path) -> None:
        """Note that a file or folder was passed over."""
        self.names[reason].append(printable(path))

    def notices(self) -> list[str]:
        """Say what was passed over, a line for each reason."""
        return [f"{len(names)} passed over ({reason}): {some(names)}" for reason, names in self.names.items()]


@dataclass(frozen=True)
class ImageFiles(Sequence):
    """The bytes of image files, read when they are asked for."""

    paths: Sequence[Path]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> bytes:
        return read_bytes(self.paths[number])


def subfolders(root: Path) -> list[Path]:
    """Return the folders in a folder in the order of their names, as strings, without hidden ones.

    Raises
    ------
    StudyError
        If it can't be read.

    """
    try:
        with os.scandir(root) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        _refuse(error)
    return [root / name for name in names]


def image_files(folder: Path, skipped: Skipped | None = None) -> list[Path]:
    """Return the image files below a folder, in the order of torchvision's ``ImageFolder``; links are followed.

    Images are files with the suffix of a format that Pillow reads, whatever they hold (a broken one is an error
    when it is read), and others whose content Pillow knows. What else there is goes to ``skipped``.
    """
    skipped = skipped or Skipped()
    found = []
    for inside, names in sorted(_walk(os.fspath(folder), skipped)):
        for name in sorted(names):
            path = os.path.join(inside, name)  # noqa: PTH118 (there may be a million)
            if name.startswith(".") or name.lower() in LITTER:
                skipped.add(HIDDEN, path)
            elif os.path.splitext(name)[1].lower() in suffixes() or _is_image(path):  # noqa: PTH122
                found.append(Path(path))
            else:
                skipped.add(FOREIGN, path)
    return found


def _walk(folder: str, skipped: Skipped) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders below one with the names of their files; a link that leads to a folder above ends there."""
    above = {folder: {os.path.realpath(folder)}}
    for inside, names, files in os.walk(folder, followlinks=True, onerror=_refuse):
        mine, kept = above.pop(inside), []
        for name in names:
            path = os.path.join(inside, name)  # noqa: PTH118
            real = os.path.realpath(path)
            if name.startswith(".") or name.lower() in LITTER_FOLDERS:
                skipped.add(HIDDEN, path)
            elif real in mine:
                skipped.add(CIRCULAR, path)
            else:
                above[path] = mine | {real}
                kept.append(name)
        names[:] = kept
        yield inside, files


def _refuse(error: OSError) -> None:
    raise StudyError(f"{printable(error.filename)} can't be read ({error.strerror}); repair or remove it") from error


@cache
def suffixes() -> frozenset[str]:
    """Return the suffixes of the formats that Pillow reads, in lower case, such as ``.jfif``."""
    known = Image.registered_extensions()  # fills Image.OPEN too
    return frozenset(suffix for suffix, kind in known.items() if kind in Image.OPEN and kind not in NOT_READ)


def _is_image(path: str) -> bool:
    """Whether a file without the suffix of an image holds one."""
    suffixes()
    if not os.path.isfile(path):  # noqa: PTH113 (a pipe would be waited for)
        return False
    try:
        with Image.open(path, formats=[kind for kind in Image.OPEN if kind not in NOT_READ]) as picture:
            if picture.format in FAINT:
                picture.load()
            return True
    except Image.DecompressionBombError:
        return True  # whoever reads it says that it is too large
    except Exception:  # of files that aren't images a reader of some format may think anything
        return False


def no_image(folder: Path, skipped: Skipped) -> StudyError:
    """Return the error that a folder holds no image, with what it holds instead."""
    inside = [name for names in skipped.names.values() for name in names if name.startswith(f"{printable(folder)}/")]
    instead = f" (passed over: {some([Path(name).name for name in inside], 3)})" if inside else ""
    return StudyError(
        f"data.root: {printable(folder)} holds no image{instead}; put images of a format that Pillow reads there, or "
        "remove the folder"
    )
