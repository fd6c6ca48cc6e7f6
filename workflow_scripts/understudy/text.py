"""Names from outside as text that can be shown: of files, classes and models, which may hold any bytes."""

import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from understudy.errors import StudyError

# Control characters, separators of lines, marks that turn the direction of what follows, and bytes that are no UTF-8.
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PACKAGE = Path(__file__).parent


def printable(text: str | Path, kept: str = "") -> str:
    r"""Return a text or path on one line, what can't be shown as an escape; the characters of ``kept`` stay.

    Examples
    --------
    >>> print(printable("gr\udcf6sse\n"))
    gr\xf6sse\n

    """
    return UNSHOWN.sub(lambda found: found[0] if found[0] in kept else _escaped(found[0]), str(text))


def quoted(name: str) -> str:
    """Return a name, in quotes if the eye would miss a part of it."""
    return name if name.isprintable() and name == name.strip() and name else repr(name)


def some(names: Iterable[object], shown: int = 5) -> str:
    """Return the first of some names as text, and how many more there are."""
    listed = [quoted(str(name)) for name in names]
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is no UTF-8, as Python keeps it in names of files
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode()


def describe(error: BaseException) -> str:
    """Return an error's type and text, or, if it has no text, its type and the last line of this package it passed."""
    kind, said = type(error).__name__, printable(str(error), kept="\n").strip()
    if said.strip("'\"() "):
        return f"{kind}: {said}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if PACKAGE in Path(frame.filename).parents] or frames
    where = f" in {Path(own[-1].filename).name}, line {own[-1].lineno} ({own[-1].name})" if own else ""
    lack = ": memory is short" if isinstance(error, MemoryError) else ""
    return f"{kind}{where}{lack}"


def check_place(folder: Path) -> None:
    """Check that Snakemake can run a workflow from this folder.

    Raises
    ------
    StudyError
        The path holds a brace, which Snakemake takes for a wildcard, a line break or bytes that are no text.
    """
    unfit = UNSHOWN.search(str(folder)) or re.search(r"[{}]", str(folder))
    if unfit:
        raise StudyError(
            f"Understudy lies in {printable(str(folder))}, and Snakemake can't run from a path with "
            f"'{printable(unfit[0])}'; move the folder to another place"
        )


def end_quietly(message: str) -> None:
    """Let Ctrl-C end this process with a line in place of a traceback, where nothing else handles it."""

    def ended(kind: type[BaseException], error: BaseException, trace: object) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print(message, file=sys.stderr)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = ended


def show_any_text() -> None:
    """Let this process print any name: what its streams can't encode is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
