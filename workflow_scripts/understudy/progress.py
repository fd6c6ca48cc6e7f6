"""Progress that a person can follow: a bar on a terminal, a line now and then in a log file."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0


class progress:  # noqa: N801 - used as a function: ``with progress(...) as bar``
    """Show how far a long step is.

    Parameters
    ----------
    total : int
        Number of units in the whole step.
    description, unit : str
        What is done, and what is counted.
    done : int
        Units finished by an earlier, interrupted attempt.
    """

    def __init__(self, total: int, description: str, unit: str = "step", done: int = 0):
        self.total, self.description, self.unit, self.done, self.resumed = total, description, unit, done, done
        self.terminal = sys.stderr.isatty()
        self.bar = tqdm(total=total, desc=description, unit=unit, initial=done) if self.terminal else None
        self.started = self.last_line = time.monotonic()

    def __enter__(self) -> "progress":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.close()
        elif kind is None:
            self._line("")

    def update(self, n: int = 1, note: str = "") -> None:
        """Count ``n`` more units; ``note`` is a short remark such as the current loss."""
        self.done += n
        if self.bar is not None:
            self.bar.set_postfix_str(note, refresh=False)
            self.bar.update(n)
        elif time.monotonic() - self.last_line >= SECONDS_BETWEEN_LINES:
            self._line(note)

    def _line(self, note: str) -> None:
        self.last_line = time.monotonic()
        seconds = self.last_line - self.started
        rate = (self.done - self.resumed) / seconds if seconds > 0 else 0.0
        line = f"{self.description}: {self.done}/{self.total} {self.unit}s, {seconds:.0f} s, {rate:.1f}/s {note}"
        print(line.rstrip(), file=sys.stderr, flush=True)
