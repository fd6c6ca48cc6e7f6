"""Files that are either whole or absent."""

import glob
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from understudy.errors import StudyError


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it into place when the block ends well.

    A reader therefore never sees half a file, and an interrupted writer leaves the old one as it was. On an error the
    temporary file is removed, and so is one that a killed writer left behind; a full disk or a folder without write
    permission is reported as a :class:`StudyError`.
    """
    path = Path(path)
    # The process id keeps two writers apart; the suffix stays last because some writers look at it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Patterns such as *.safetensors match hidden files too: a half-written one must not pass for a whole one later.
        for left in path.parent.glob(f".{glob.escape(path.stem)}.*{glob.escape(path.suffix)}"):
            if re.fullmatch(r"\.\d+", left.name.removeprefix(f".{path.stem}").removesuffix(path.suffix)):
                left.unlink(missing_ok=True)
        yield temporary
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        reason = _system_reason(error)
        if reason is None:
            raise
        raise StudyError(f"cannot write {path}: {reason}; the old file, if any, is as it was") from error
    finally:
        with suppress(OSError):  # where nothing may be written, nothing may be removed either
            temporary.unlink(missing_ok=True)


def _system_reason(error: Exception) -> str | None:
    """Return why the operating system refused, or None if it did not; safetensors and Arrow say it in words alone."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    found = re.search(r"os error (\d+)", str(error))
    return os.strerror(int(found[1])) if found else None


def write_json(path: str | Path, content: object) -> None:
    """Write ``content`` as indented JSON with sorted keys, whole or not at all."""
    with writing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path) -> dict:
    """Read a JSON file.

    Raises
    ------
    StudyError
        If the file is not JSON, for example because it was cut short.
    """
    try:
        return json.loads(Path(path).read_text())
    except ValueError as error:
        raise StudyError(f"{path} is not readable as JSON ({error}); delete it and run again to rebuild it") from error
