"""Which images belong together, by a CSV file or by a pattern on their paths."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from understudy.data.labels_file import FileTable, has_columns
from understudy.errors import StudyError
from understudy.text import some

if TYPE_CHECKING:
    from understudy.data.settings import DataSettings


def common_folder(settings: "DataSettings") -> Path:
    """Return the folder that all images are in, below which CSV files give their paths."""
    roots = [root.absolute() for root in settings.part_paths.values()]
    return settings.root or Path(os.path.commonpath(roots))


def groups_by_path(settings: "DataSettings", paths: Sequence[str], below: Sequence[str]) -> np.ndarray:
    """Return the name of each image's group, text [N], by a CSV file, a column of that of the labels, or a pattern.

    Parameters
    ----------
    settings
        Those of the data.
    paths
        The images' paths below the folder that all of them are in, for CSV files.
    below
        Their paths below the folder of their part, for patterns.

    Raises
    ------
    StudyError
        The file lacks an image, or the pattern fits nothing of its path.

    """
    path, column, file = settings.group_file, settings.column("group"), settings.column("file")
    labels = settings.labels and settings.located(settings.labels)
    if path is None and labels and has_columns(labels, [file, settings.groups], "data.labels"):
        path, column = labels, settings.groups
    if path is not None:
        found = FileTable(path, file, column, "data.groups").match(paths, common_folder(settings), True)
        what = f"{path} has no line for"
    else:
        pattern = _pattern(settings.groups)
        found = [_matched(pattern, one) for one in below]
        what = f"there is no column of that name, and as a pattern {settings.groups!r} fits nothing of the path of"
    lacking = [one for one, group in zip(paths, found, strict=True) if not group]
    if lacking:
        raise StudyError(f"data.groups: {what} {len(lacking)} image(s): {some(lacking, 3)}; each needs a group")
    return np.array(found)


def _pattern(text: str) -> re.Pattern:
    try:
        return re.compile(text)
    except re.error as error:
        raise StudyError(f"data.groups: {text!r} is no column, CSV file or regular expression ({error})") from error


def _matched(pattern: re.Pattern, path: str) -> str | None:
    found = pattern.search(path)
    return found and (found[1] if pattern.groups else found[0])
