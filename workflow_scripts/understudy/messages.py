"""What a job tells people while it goes on: in its log, and, of what they should know at once, on the terminal."""

import logging
import os
import sys
from contextlib import suppress

_terminal: int | None = None


def warn_on(descriptor: int) -> None:
    """Have warnings written to this file descriptor too: the terminal's, of a job whose stderr is its log.

    What the package's loggers warn of is written in the same way.
    """
    global _terminal
    _terminal = descriptor
    logger = logging.getLogger("understudy")
    if not logger.handlers:
        logger.addHandler(_ToPeople(logging.WARNING))


class _ToPeople(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        warn(record.getMessage())


def warn(line: str) -> None:
    """Write a line to stderr, in a job its log, and to the terminal.

    Examples
    --------
    >>> warn("12 files are no images")  # on the terminal: Understudy: warning: 12 files are no images

    """
    print(f"warning: {line}", file=sys.stderr, flush=True)
    if _terminal is not None:
        with suppress(OSError):  # a terminal that was closed is no reason to end
            os.write(_terminal, f"Understudy: warning: {line}\n".encode(errors="backslashreplace"))
