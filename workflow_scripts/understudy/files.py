"""Files that are either whole or absent."""

import glob
import json
import os
import platform
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from understudy.errors import StudyError

# Age at which a temporary file of another machine's process is taken for left behind.
LEFT_AFTER_SECONDS = 24 * 3600


@contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` and rename it into place when the block ends well.

    A reader therefore never sees half a file, and an interrupted writer leaves the old one as it was. Of two writers
    the later one's file stays. On an error the temporary file is removed, and so is one that a killed writer left
    behind; a full disk or a folder without write permission is reported as a :class:`StudyError`. Others may read the
    file as far as the umask lets them.
    """
    path = Path(path)
    # Host and process keep two writers apart; the suffix stays last because some writers look at it.
    temporary = path.with_name(f".{path.stem}.{_host()}-{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{glob.escape(path.stem)}.*{glob.escape(path.suffix)}"):
            writer = left.name.removeprefix(f".{path.stem}.").removesuffix(path.suffix)
            if (found := re.fullmatch(r"([^.]+)-(\d{1,9})", writer)) and _is_left(left, found[1], int(found[2])):
                left.unlink(missing_ok=True)
        temporary.touch()
        mode = temporary.stat().st_mode  # what the umask leaves; safetensors makes files that others can't read
        temporary.unlink()
        yield temporary
        if temporary.stat().st_mode != mode:
            temporary.chmod(mode)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        reason = _system_reason(error)
        if reason is None:
            raise
        raise StudyError(f"cannot write {path}: {reason}; the old file, if any, is as it was") from error
    finally:
        with suppress(OSError):  # where nothing may be written, nothing may be removed either
            temporary.unlink(missing_ok=True)


def _host() -> str:
    return platform.node().partition(".")[0] or "localhost"


def _is_left(temporary: Path, host: str, process: int) -> bool:
    """Whether a temporary file's writer is gone: asked of its own host's processes, elsewhere assumed after a day."""
    if host == _host():
        try:
            os.kill(process, 0)  # no signal, only the question whether it could be sent
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # another user's process: alive
    with suppress(FileNotFoundError):  # renamed meanwhile
        return time.time() - temporary.stat().st_mtime > LEFT_AFTER_SECONDS
    return False


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
