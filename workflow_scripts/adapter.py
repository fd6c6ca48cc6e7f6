"""What every rule's script does first: send its output to the rule's log and turn a mistake into one line."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLAIMS = Path(".snakemake") / "claims"


@contextmanager
def job(snakemake: object) -> Iterator[None]:
    """Run a script's body as the one writer of the rule's outputs, with stdout and stderr in the rule's log.

    A :class:`understudy.errors.StudyError` ends the script with its message, in the log and on the terminal; any other
    exception leaves its traceback in the log and its last line on the terminal.
    """
    from understudy.errors import StudyError
    from understudy.job_lock import claimed, end_with_snakemake

    end_with_snakemake()
    terminal = os.dup(2)
    log_path = Path(snakemake.log[0])
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # Output of libraries written in C goes to the descriptors, not to sys.stderr.
    with log_path.open("w", buffering=1) as log:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            with claimed(list(snakemake.output), CLAIMS):
                yield
        except StudyError as error:
            _end(terminal, str(error), log_path)
        except Exception as error:
            with suppress(OSError):  # the disk may be full
                traceback.print_exc()
            _end(terminal, f"{type(error).__name__}: {error}", log_path)


def _end(terminal: int, message: str, log_path: Path) -> None:
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)
    os.write(terminal, f"\nUnderstudy: {message}\n(log: {log_path})\n".encode())
    sys.exit(1)
