"""Tables of text that spreadsheets and programs write: which label, or which group, each image file has."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from understudy.errors import StudyError
from understudy.text import printable, some

DELIMITERS = (",", ";", "\t", "|")
MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


class FileTable:
    """The values of one column by file.

    Parameters
    ----------
    path
        A text table, its first line the names of the columns.
    file, column
        The names of the column of files, and of the column of values.
    key
        The key of the configuration that names the table, for messages.

    """

    def __init__(self, path: Path, file: str, column: str, key: str):
        self.path, self.key = path, key
        self.values: dict[str, str] = {}
        for line, name, value in _rows(path, file, column, key):
            if not name or not value:
                raise StudyError(f"{key}: {path}, line {line}: the {file if not name else column} is missing; add it")
            if self.values.setdefault(_plain(name), value) != value:
                raise StudyError(
                    f"{key}: {path}, line {line}: {name} is {value}, before it was {self.values[_plain(name)]}; "
                    "leave one line for each file"
                )
        if not self.values:
            raise StudyError(f"{key}: {path} has no line below the names of its columns")

    def match(self, files: Sequence[str], root: Path, may_have_more: bool = False) -> list[str | None]:
        """Return the value of each of ``files``, paths below ``root``; None for those that the table lacks.

        The table has whole paths, with or without the folders above ``root``, or what belongs to one file alone: the
        end of a path, a bare name, or one of these without a suffix.

        Raises
        ------
        StudyError
            The table has files that aren't there, unless it ``may_have_more``, or names that several files have.

        """
        whole = {_plain(name): number for number, name in enumerate(files)}
        above = [f"{_plain(str(path))}/" for path in _above(root)]
        owners = {name: name for name in self.values if name in whole}
        for name in self.values.keys() - owners.keys():
            start = next((len(folder) for folder in above if name.startswith(folder)), 0)
            if name[start:] in whole:
                owners[name] = name[start:]
        if others := [name for name in self.values if name not in owners]:
            owners |= self._owners(others, list(whole), may_have_more)
        found: list[str | None] = [None] * len(files)
        for name in self.values.keys() & owners.keys():
            number, value = whole[owners[name]], self.values[name]
            if found[number] not in (None, value):
                raise StudyError(
                    f"{self.key}: {self.path}: {files[number]} is both {min(found[number], value)} and "
                    f"{max(found[number], value)}; leave one line for each file"
                )
            found[number] = value
        return found

    def _owners(self, names: Sequence[str], files: Sequence[str], may_have_more: bool) -> dict[str, str]:
        """Return the file that each of ``names``, which are no whole paths, belongs to."""
        ends: Mapping[str, list[str]] = defaultdict(list)
        for file in files:
            for path in {file, str(PurePosixPath(file).with_suffix(""))}:
                pieces = path.split("/")
                for start in range(len(pieces)):
                    ends["/".join(pieces[start:])].append(file)
        found, missing = {}, []
        for name in names:
            owners = ends.get(name, [])
            if len(owners) > 1:
                raise StudyError(
                    f"{self.key}: {self.path}: {len(owners)} files are called {name} ({some(owners, 3)}); give their "
                    "paths below the folder of the images"
                )
            if owners:
                found[name] = owners[0]
            else:
                missing.append(name)
        if missing and not may_have_more:
            raise StudyError(
                f"{self.key}: {self.path} has {len(missing)} files that aren't among the images ({some(missing)}); "
                "add them, or remove their lines"
            )
        return found


def _above(root: Path) -> list[PurePosixPath]:
    """Return the ends of a folder's path, the longest first: `/a/b`, `a/b`, `b`."""
    parts = [part for part in root.absolute().parts if part != "/"]
    return [PurePosixPath("/", *parts), *(PurePosixPath(*parts[start:]) for start in range(len(parts)))]


def _plain(name: str) -> str:
    """Return a path as POSIX writes it, its letters in the form that most systems use."""
    name = normalize("NFC", printable(name)).replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def has_columns(path: Path, columns: Sequence[str], key: str) -> bool:
    """Whether a table's first line names these columns."""
    return _delimiter(_text(path, key)[0], columns) is not None


def _delimiter(text: str, columns: Sequence[str]) -> str | None:
    """Return what stands between the columns of a table that has ``columns``; None where it hasn't."""
    wanted = {column.casefold() for column in columns}
    return next((one for one in DELIMITERS if wanted <= set(_header(text, one))), None)


def _header(text: str, delimiter: str) -> list[str]:
    cells = next(csv.reader([text.split("\n", 1)[0]], delimiter=delimiter), [])
    return [cell.strip().casefold() for cell in cells]


def _rows(path: Path, file: str, column: str, key: str) -> list[tuple[int, str, str]]:
    """Return line, file and value of each row."""
    text, skipped = _text(path, key)
    chosen = _delimiter(text, [file, column])
    if chosen is None:
        raise StudyError(
            f"{key}: {path} lacks the column(s) {file} and {column} in its first line "
            f"({text.split(chr(10), 1)[0].strip()[:60]!r}); write their names there, or name them in `data.columns`"
        )
    header = _header(text, chosen)
    positions = header.index(file.casefold()), header.index(column.casefold())
    reader, rows = csv.reader(io.StringIO(text, newline=""), delimiter=chosen, strict=True), []
    try:
        for row in reader:
            line = reader.line_num + skipped
            if reader.line_num == 1 or not any(cell.strip() for cell in row):
                continue
            if any(cell.strip() for cell in row[len(header) :]) or len(row) <= max(positions):
                raise StudyError(
                    f"{key}: {path}, line {line} has {len(row)} columns, the first line {len(header)}; put what holds "
                    f"a {chosen!r} into quotes"
                )
            rows.append((line, row[positions[0]].strip(), row[positions[1]].strip()))
    except csv.Error as error:
        raise StudyError(f"{key}: {path}, line {reader.line_num}: {error}; correct its quotes") from error
    return rows


def _text(path: Path, key: str) -> tuple[str, int]:
    """Return a file's text, in whichever encoding spreadsheets write, with plain line ends.

    A first line that names the delimiter, as Excel reads it, is left out, and counted.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyError(f"{key}: {path} can't be read ({error.strerror}); correct the path") from error
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    if marked is None and b"\0" in content[:200]:
        marked = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    for encoding in [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            text = content.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
        return (text.split("\n", 1)[-1], 1) if text.lower().startswith("sep=") else (text, 0)
    raise StudyError(f"{key}: {path} is no text in UTF-8, UTF-16 or Latin-1; save it as CSV in UTF-8")
