"""Image files in a folder for each class, or in any folders with a CSV file of labels."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np

from understudy.data.folders import LITTER_FOLDERS, ImageFiles, Skipped, image_files, no_image, subfolders
from understudy.data.labels_file import FileTable
from understudy.data.names import as_yaml, folded, other_forms, parts_in_names
from understudy.data.readers.groups import common_folder, groups_by_path
from understudy.data.source_images import (
    PARTS,
    PartsNotClassesError,
    SourceImages,
    number_texts,
    offered_parts,
    without_others,
)
from understudy.errors import StudyError
from understudy.messages import warn
from understudy.text import printable, some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings

OUTSIDE = "outside the folders of the classes"


def read(settings: "DataSettings") -> SourceImages:
    """Return the image files below the root, or below the folders of the parts."""
    skipped = Skipped()
    roots = settings.part_paths
    if settings.parts is None and settings.labels is None:
        roots = _own_parts(settings, skipped) or roots
    files, texts, parts = [], [], []
    for part, root in roots.items():
        folders = {"": root} if settings.labels else _class_folders(root, settings, skipped)
        for name, folder in folders.items():
            found = image_files(folder, skipped)
            if not found:
                raise no_image(folder, skipped)
            files += found
            texts += [name] * len(found)
            parts += [part] * len(found)
    if settings.labels:
        files, texts, parts = _labelled(files, parts, settings, skipped)
    labels, classes = number_texts(texts, settings, f"data.{'labels' if settings.labels else 'root'}")
    names = [printable(path) for path in files]
    groups = None
    if settings.groups:
        below = [printable(path.relative_to(roots[part])) for path, part in zip(files, parts, strict=True)]
        groups = groups_by_path(settings, _paths(files, settings), below)
    return without_others(
        SourceImages(
            ImageFiles(files),
            labels,
            names,
            classes,
            None if "" in roots else np.array(parts),
            groups,
            dict(skipped.names),
        )
    )


def known_classes(root: Path, classes: Sequence[str]) -> tuple[list[Path], np.ndarray]:
    """Return the image files of those of ``classes`` that ``root`` has a folder for, and their labels, int64 [N].

    What is passed over, and how many classes have no folder, is said in the log and on the terminal.

    Raises
    ------
    StudyError
        There is none, or a folder's name differs from a class's by case or blanks alone.

    """
    folders, skipped = match_folders(root, classes), Skipped()
    found = [(path, label) for label, folder in sorted(folders.items()) for path in image_files(folder, skipped)]
    if not found:
        raise StudyError(
            f"{printable(root)} has images of none of the data's classes ({classes[0]}, ...); name its folders so"
        )
    lacking = [name for label, name in enumerate(classes) if label not in folders]
    for line in skipped.notices() + ([f"no folder for {len(lacking)} classes: {some(lacking)}"] if lacking else []):
        warn(f"{printable(root)}: {line}")
    return [path for path, _ in found], np.array([label for _, label in found], dtype=np.int64)


def match_folders(root: Path, classes: Sequence[str]) -> dict[int, Path]:
    """Return the folders in ``root`` that bear the name of a class, by the class's number.

    Raises
    ------
    StudyError
        A folder's name differs from a class's by case or blanks alone, so that nobody knows whether it is meant.

    """
    numbers = {normalize("NFC", name): number for number, name in enumerate(classes)}
    near = {folded(name): name for name in classes}
    found: dict[int, Path] = {}
    for folder in subfolders(root):
        name = normalize("NFC", printable(folder.name))
        number, other = numbers.get(name), near.get(folded(name))
        if number in found or (number is None and other is not None):
            raise StudyError(
                f"{printable(root)}: folder {name!r} and class {other!r} differ by case, blanks or Unicode form alone; "
                "give the folder the class's name, or another one"
            )
        if number is not None:
            found[number] = folder
    return found


def _own_parts(settings: "DataSettings", skipped: Skipped) -> dict[str, Path]:
    """Return the folders of the root that are parts, where they are to be pooled; refuse to take them for classes."""
    root = settings.root
    names = [folder.name for folder in subfolders(root) if folder.name.lower() not in LITTER_FOLDERS]
    if set(settings.classes or []) & {printable(name) for name in names}:
        return {}
    found = parts_in_names(names)
    folders = {part: root / found[part] for part in PARTS if part in found}
    if not folders or settings.pool_parts:
        for name in set(names) - set(found.values()) if found else ():
            skipped.add(OUTSIDE, root / name)
        return folders
    classes = [printable(name) for name in names]
    if "train" not in folders:
        way = "give a folder that holds a folder per class, or all parts (`data.parts`)"
    elif not subfolders(folders["train"]):
        way = "give labels by a CSV file (`data.labels`), or move the images into a folder for each class"
    else:
        way = f"set `data.parts: {offered_parts(folders)}`, or `data.pool_parts: true` to draw splits from all images"
    raise PartsNotClassesError(
        f"data.root: {printable(root)} has folders named as parts of the data ({some(classes)}), not as classes; "
        f"{way}; if they are the classes, set `data.classes: {as_yaml(classes)}`"
    )


def _class_folders(root: Path, settings: "DataSettings", skipped: Skipped) -> dict[str, Path]:
    folders: dict[str, Path] = {}
    found = subfolders(root)
    wanted = {*(settings.classes or []), *other_forms([printable(one.name) for one in found], settings.classes or [])}
    for folder in found:
        name = printable(folder.name)
        if name.lower() == "__macosx":
            raise StudyError(
                f"data.root: {printable(folder)} is what macOS adds to an archive, and no class; remove the folder"
            )
        if name in folders:
            raise StudyError(f"data.root: two folders in {printable(root)} read as {name}; rename one of them")
        if name.lower() in LITTER_FOLDERS or (wanted and name not in wanted):
            skipped.add(OUTSIDE, folder)
        else:
            folders[name] = folder
    with os.scandir(root) as entries:
        beside = sorted(entry.name for entry in entries if not entry.is_dir() and not entry.name.startswith("."))
    for name in beside:
        skipped.add(OUTSIDE, root / name)
    if len(folders) < 2:
        raise _few_classes(root, folders, beside)
    return folders


def _few_classes(root: Path, folders: dict[str, Path], beside: Sequence[str]) -> StudyError:
    inside = [folder for folder in folders.values() if len(subfolders(folder)) > 1]
    hint = ""
    if inside:
        hint = f"; are they in {printable(inside[0])}? then give that folder"
    elif not folders and beside:
        hint = "; where a CSV file has the labels, name it in `data.labels`"
    return StudyError(
        f"data.root: {printable(root)} holds {len(folders)} class folder(s); expected at least two: "
        f"root/class/image.png{hint}"
    )


def _labelled(
    files: list[Path], parts: list[str], settings: "DataSettings", skipped: Skipped
) -> tuple[list[Path], list[str], list[str]]:
    """Return the files that `data.labels` has, with their labels and parts."""
    table = FileTable(
        settings.located(settings.labels), settings.column("file"), settings.column("label"), "data.labels"
    )
    texts = table.match(_paths(files, settings), common_folder(settings))
    for path, text in zip(files, texts, strict=True):
        if text is None:
            skipped.add(f"without a line in {printable(settings.labels)}", path)
    kept = [number for number, text in enumerate(texts) if text is not None]
    return tuple([values[number] for number in kept] for values in (files, texts, parts))


def _paths(files: Sequence[Path], settings: "DataSettings") -> list[str]:
    """Return the paths below the folder that all images are in."""
    folder = common_folder(settings)
    return [printable(os.path.relpath(path, folder)) for path in files]
