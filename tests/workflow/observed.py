"""What is seen of a study that runs, from outside: its scripts, its checkpoints, the outputs of finished jobs."""

import base64
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import psutil


def running_scripts(main: psutil.Process, rules: Collection[str]) -> list[tuple[psutil.Process, str]]:
    """Return the running scripts of these rules below a Snakemake, each with its rule."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for process in main.children(recursive=True):
            for part in process.cmdline()[:3]:
                match = re.search(r"\.snakemake/scripts/tmp\w+\.(\w+)\.py$", part)
                if match and match[1] in rules and process.name().startswith("python"):
                    found.append((process, match[1]))
    return found


def newest_checkpoints(folder: Path, since: float) -> list[Path]:
    """Return the newest checkpoint of each job that wrote one below ``folder`` after a time."""
    newest: dict[Path, tuple[int, Path]] = {}
    for path in folder.rglob("step-*.safetensors"):
        with suppress(FileNotFoundError):
            status = path.stat()
            if status.st_mtime >= since:
                newest[path.parent] = max(newest.get(path.parent, (0, path)), (status.st_mtime_ns, path))
    return [path for _, path in newest.values()]


def finished_outputs(folder: Path) -> list[str]:
    """Return the outputs, relative to ``folder``, that Snakemake's own records call complete."""
    state = folder / ".snakemake"
    recorded, incomplete = (
        {_decode(path.relative_to(state / kind)) for path in (state / kind).rglob("*") if path.is_file()}
        for kind in ("metadata", "incomplete")
    )
    return [path for path in recorded - incomplete if (folder / path).is_file()]


def _decode(path: Path) -> str:
    return base64.urlsafe_b64decode(str(path).replace("@", "").replace("/", "") + "==").decode()
