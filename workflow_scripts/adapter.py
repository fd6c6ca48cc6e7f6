"""What every rule's script does first: take the rule's files as paths, log its output, turn a mistake into one line."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LOCKS = Path(".snakemake") / "job_locks"


class Files(SimpleNamespace):
    """The named files of a rule's input or output: a `Path`, or a list of `Path` where the rule gives a list."""

    def optional(self, name: str) -> Path | None:
        """Return a file that the rule gives as a list of one or none; None where there is none."""
        found = getattr(self, name)
        return found if isinstance(found, Path) else next(iter(found), None)


@contextmanager
def job(snakemake: Any) -> Iterator[tuple[Files, Files, Any, Any]]:
    """Run a script's body as the one writer of the rule's outputs, with stdout and stderr in the rule's log.

    Yields the rule's input and output (`Files`), its parameters, and its `understudy.jobs.context.JobContext`.
    A :class:`understudy.errors.StudyError` ends the script with its message, in the log and on the terminal. Any other
    exception leaves its traceback in the log, and its type and text on the terminal.
    """
    from understudy.errors import StudyError
    from understudy.job_lock import end_with_snakemake, locked
    from understudy.messages import warn_on
    from understudy.text import describe, end_quietly, printable, show_any_text

    end_with_snakemake()
    show_any_text()
    end_quietly("stopped")
    terminal = os.dup(2)
    warn_on(terminal)
    log_path = Path(snakemake.log[0])
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # Output of libraries written in C goes to the descriptors, not to sys.stderr.
    with log_path.open("w", buffering=1) as log:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            with locked(list(snakemake.output), LOCKS):
                yield _files(snakemake.input), _files(snakemake.output), snakemake.params, _context(snakemake)
        except StudyError as error:
            _end(terminal, printable(str(error), kept="\n"), log_path)
        except Exception as error:
            with suppress(OSError):  # the disk may be full
                traceback.print_exc()
            _end(terminal, describe(error), log_path)


def _files(named: Any) -> Files:
    paths = {name: Path(file) if isinstance(file, str) else [Path(one) for one in file] for name, file in named.items()}
    return Files(**paths)


def _context(snakemake: Any) -> Any:
    from understudy.jobs.context import JobContext

    wildcards, params = dict(snakemake.wildcards.items()), snakemake.params
    given = {name: params.get(name) for name in ("seed", "device", "version") if params.get(name) is not None}
    checkpoints = params.get("checkpoints")
    return JobContext(
        draw=int(wildcards.get("draw", 0)),
        split=wildcards.get("split", ""),
        checkpoints=Path(checkpoints) if checkpoints else None,
        threads=snakemake.threads,
        wildcards=wildcards,
        **given,
    )


def _end(terminal: int, message: str, log_path: Path) -> None:
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)
    os.write(terminal, f"\nUnderstudy: {message}\n(log: {log_path})\n".encode())
    sys.exit(1)
