"""Names of classes and files as people and file systems write them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from understudy.errors import StudyError

TRAIN_WORDS = ("train", "training", "trainval")
VALIDATION_WORDS = ("val", "valid", "validation", "dev")
TEST_WORDS = ("test", "testing")
_PART_OF_WORD = {
    **dict.fromkeys(TRAIN_WORDS, "train"),
    **dict.fromkeys(VALIDATION_WORDS, "validation"),
    **dict.fromkeys(TEST_WORDS, "test"),
}


def matching(path: Path) -> list[Path]:
    """Return the path if something is there, else the files that it fits as a pattern, such as ``train-*.parquet``.

    As in a shell, hidden files, such as the ``._name`` that macOS leaves, fit a pattern only if it begins with a dot.
    """
    if path.exists() or "*" not in path.name:
        return [path] if path.exists() else []
    hidden = path.name.startswith(".")
    return sorted(file for file in path.parent.glob(path.name) if hidden or not file.name.startswith("."))


def as_yaml(value: dict[str, str] | list[str]) -> str:
    """Return names as the value of a key in a study file, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=2**20).strip()


def folded(name: str) -> str:
    """Return what is left of a name without its case, its blanks, and the form in which Unicode writes its letters."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return "".join(one for one in text if not one.isspace() and unicodedata.category(one) != "Cf")


def other_forms(found: Iterable[str], wanted: Sequence[str]) -> dict[str, str]:
    """Return which names, found and not wanted as they are, are wanted names in another form of Unicode.

    macOS takes names of folders apart that keyboards give whole.
    """
    names = set(found)
    forms = {unicodedata.normalize("NFC", name): name for name in sorted(names - set(wanted))}
    lacking = {unicodedata.normalize("NFC", name): name for name in wanted if name not in names}
    return {forms[form]: name for form, name in lacking.items() if form in forms}


def check_class_names(names: Sequence[str], key: str) -> None:
    """Refuse names of classes that people take for one.

    Raises
    ------
    StudyError
        Two names that are equal, or that differ by case, blanks or Unicode form alone; ``key`` says where they stand.

    """
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(folded(name), name)
        if other is not name:
            raise StudyError(
                f"{key}: the classes {_visible(other)} and {_visible(name)} differ by case, blanks or Unicode form "
                "alone; make them one class, or, if they are two, list all classes in `data.classes`"
            )


def _visible(name: str) -> str:
    """Return a name in quotes, with escapes where a reader sees no difference otherwise."""
    return repr(name) if name.isascii() else f"{name!r} ({name!a})"


def natural_key(name: str) -> list:
    """Return what timm sorts names of classes by: numbers as numbers, letters without their case."""
    return [int(one) if position % 2 else one for position, one in enumerate(re.split(r"(\d+)", name.lower()))]


def orders_agree(names: Iterable[str]) -> bool:
    """Whether torchvision, which sorts names of classes as strings, and timm number these classes alike."""
    plain = sorted(names)
    return plain == sorted(plain, key=natural_key)


def part_of_name(name: str) -> str | None:
    """Return the part that a folder or file is named after as a whole: `train`, `validation`, `test`, or None."""
    return _PART_OF_WORD.get(name.strip().casefold())


def part_in_name(name: str) -> str | None:
    """Return the part that a name begins or ends with, such as `seg_train` or `test-00000-of-00001`, or None."""
    words = [word for word in re.split(r"[\W_\d]+", name.casefold()) if word]
    found = (_PART_OF_WORD.get(word) for word in [*words[:1], *words[-1:]])
    return next(filter(None, found), None)


def parts_in_names(names: Sequence[str]) -> dict[str, str]:
    """Return the name of each part where names of folders are those of parts, not of classes; else nothing.

    They are where most of them are words such as `train` and `test`, two at least, or where each begins or ends with
    such a word and one is for training, as in `seg_train`, `seg_test`. A class may be called `train` beside others.

    Examples
    --------
    >>> parts_in_names(["Test", "Train", "__MACOSX"])
    {'test': 'Test', 'train': 'Train'}
    >>> parts_in_names(["bus", "train"])
    {}

    """
    whole = {name: part for name in names if (part := part_of_name(name))}
    worded = {name: part for name in names if (part := part_in_name(name))}
    if 2 * len(whole) > len(names) and len(set(whole.values())) > 1:
        found = whole
    elif len(worded) == len(names) and "train" in worded.values() and len(set(worded.values())) > 1:
        found = worded
    else:
        return {}
    parts: dict[str, str] = {}
    for name, part in found.items():
        parts.setdefault(part, name)
    return parts
