"""Errors that people can mend, and how to tell them."""

import difflib
from collections.abc import Iterable


class StudyError(Exception):
    """What is wrong with a study or its files, and what to do: one line for each mistake."""


def nearest(given: object, allowed: Iterable[str]) -> str | None:
    """Return the name in ``allowed`` that ``given`` resembles, None if it resembles none."""
    return next(iter(difflib.get_close_matches(str(given), list(allowed), n=1)), None)


def allowed_names(given: object, allowed: Iterable[str]) -> str:
    """Say which names are allowed, and which of them was probably meant by ``given``.

    Examples
    --------
    >>> allowed_names("sed", ["study", "seed"])
    'allowed: study, seed; did you mean seed?'

    """
    names = list(allowed)
    near = nearest(given, names)
    return f"allowed: {', '.join(names) or 'none'}" + (f"; did you mean {near}?" if near else "")


def unknown_name(given: object, allowed: Iterable[str]) -> str:
    """Say that a name is unknown, and which are allowed."""
    return f"unknown {given!r}; {allowed_names(given, allowed)}"
