"""What a mutation is, and what becomes of one: read right, refused rightly, or one of four faults."""

import contextlib
import io
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from understudy.errors import StudyError

READ, REFUSED = "read right", "refused rightly"
FALSE, UNCLEAR, WRONG, CRASH = "false refusals", "unclear refusals", "wrong results", "tracebacks"
OUTCOMES = (READ, REFUSED, FALSE, UNCLEAR, WRONG, CRASH)
LONGEST = 700  # characters that a line to a person may have, without the path of the folder


@dataclass(frozen=True)
class Reads:
    """A mutated input that is to be read: what a job calls, and the exact values that it must give."""

    read: Callable[[], Any]
    values: Any


@dataclass(frozen=True)
class Refuses:
    """A mutated input that is to be refused: what a job calls, and a word that the message must have."""

    read: Callable[[], Any]
    word: str


Case = Reads | Refuses
Mutation = Callable[[np.random.Generator, Path], Case]
MUTATIONS: dict[str, list[Mutation]] = {}
"""All mutations by the kind of input: each writes a mutated input into an empty folder, and says what is right."""


def mutation(kind: str) -> Callable[[Mutation], Mutation]:
    """Enter a function into `MUTATIONS`."""

    def enter(function: Mutation) -> Mutation:
        MUTATIONS.setdefault(kind, []).append(function)
        return function

    return enter


@dataclass(frozen=True)
class Verdict:
    """What became of a mutated input, and, if that is a fault, the message."""

    outcome: str
    message: str = ""


def judge(case: Case, folder: Path) -> Verdict:
    """Read a mutated input in ``folder`` and compare with what is right."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = case.read()
    except StudyError as error:
        text = str(error)
        if isinstance(case, Reads):
            return Verdict(FALSE, text)
        clear = case.word in text and "\n" not in text and len(text.replace(str(folder), "")) <= LONGEST
        return Verdict(REFUSED) if clear else Verdict(UNCLEAR, f"{case.word!r} expected in one line: {text}")
    except Exception:
        return Verdict(CRASH, traceback.format_exc())
    if isinstance(case, Refuses):
        return Verdict(WRONG, f"read, but to be refused ({case.word!r})")
    return Verdict(READ) if found == case.values else Verdict(WRONG, _difference(found, case.values))


def _difference(found: Any, values: Any) -> str:
    if isinstance(found, dict) and isinstance(values, dict):
        keys = [key for key in {**found, **values} if found.get(key) != values.get(key)]
        return "; ".join(f"{key}: {_short(found.get(key))} instead of {_short(values.get(key))}" for key in keys)
    return f"{_short(found)} instead of {_short(values)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:300]}..."
