"""Answers that hold until code changes, kept in a file of Snakemake's folder for later starts."""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from understudy.errors import StudyError
from understudy.files import read_json, write_json

PACKAGE = Path(__file__).parent
SCRIPTS = PACKAGE.parent
FOLDER = Path(".snakemake")


class CodeCache:
    """Answers by name, each of plain data as JSON has them.

    Where the file can't be read or written, for example in a folder without write permission, answers are computed.
    """

    def __init__(self, name: str):
        self.path = FOLDER / name

    @cached_property
    def _known(self) -> dict[str, Any]:
        try:
            kept = read_json(self.path)
            return kept["answers"] if kept["state"] == _state() else {}
        except (OSError, KeyError, TypeError, StudyError):  # not written yet, or not by this class
            return {}

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return the kept answer; one that isn't known is computed and kept."""
        if name not in self._known:
            self._known[name] = compute()
            with suppress(OSError, StudyError):
                write_json(self.path, {"state": _state(), "answers": self._known})
        return self._known[name]


@cache
def _state() -> str:
    """Return a digest of when the package's files were changed."""
    files = [*sorted(PACKAGE.rglob("*.py")), *sorted(PACKAGE.rglob("templates/*")), *sorted(SCRIPTS.glob("*.py"))]
    state = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    return hashlib.blake2b(json.dumps(state).encode(), digest_size=8).hexdigest()
