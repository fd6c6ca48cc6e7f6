"""What is wrong in a configuration, for people: the key's path, what was given, what is allowed."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from understudy.allowed_values import GROUP, Allowed, read_annotation
from understudy.errors import allowed_names, nearest
from understudy.settings import PartError

# What pydantic adds to the location of a mapping's key, if the key is wrong rather than its value.
KEY = "[key]"


def explain_all(error: ValidationError, model: type[BaseModel], parents: tuple[str, ...] = ()) -> list[str]:
    """Say on one line each what pydantic found wrong with a ``model`` below the keys ``parents``, unknown keys first.

    All is read from pydantic's errors and the model's annotations: new groups of keys, and new unions of these, need
    no change here.
    """
    mistakes: dict[tuple[str, ...], Mistake] = {}
    for entry in error.errors():
        mistake = read_mistake(entry, model, parents)
        # Pydantic tries the members of a union in turn: the shortest location is that of the union's value.
        if mistake.path not in mistakes or mistake.depth < mistakes[mistake.path].depth:
            mistakes[mistake.path] = mistake
    unknown = [mistake for mistake in mistakes.values() if mistake.is_unknown_key]
    # A misspelled or renamed key is one mistake, though the key that was meant is missing too.
    meant = [(*mistake.path[:-1], mistake.meant) for mistake in unknown]
    others = [mistake for mistake in mistakes.values() if mistake not in unknown]
    told = unknown + [mistake for mistake in others if mistake.type != "missing" or mistake.path not in meant]
    return [line for mistake in told for line in mistake.lines()]


@dataclass(frozen=True)
class Mistake:
    """One of pydantic's errors, with what its model's annotations say about the keys on the way.

    Attributes
    ----------
    type, given
        The type of the error, in most cases pydantic's, and the value that is wrong.
    path
        The keys that lead to the mistake, none of pydantic's own parts of a location among them.
    group, allowed
        What is allowed where the path's last key stands, and as its value.
    depth
        Length of pydantic's location.
    cause
        The exception that a validator raised, if it was one that found the mistake.

    """

    type: str
    given: Any
    path: tuple[str, ...]
    group: Allowed
    allowed: Allowed
    depth: int
    cause: Exception | None

    @property
    def is_unknown_key(self) -> bool:
        """Whether a key is wrong rather than a value."""
        return self.type == "extra_forbidden"

    @cached_property
    def meant(self) -> str | None:
        """The key that an unknown one stands for, if that is known."""
        return self.group.renamed(self.path[-1]) or nearest(self.path[-1], self.group.keys())

    def lines(self) -> list[str]:
        """Say what is wrong: one line, or more if a validator found several mistakes."""
        if isinstance(self.cause, PartError):
            return explain_all(self.cause.error, self.cause.settings, (*self.path, *self.cause.keys))
        return [self._line()]

    def _line(self) -> str:
        path, given = ".".join(self.path), f"(given: {_short(self.given)})"
        if self.is_unknown_key and self.group.renamed(self.path[-1]):
            new = ".".join((*self.path[:-1], self.meant))
            return f"{path}: renamed to {self.meant}; write {new} {given}"
        if self.is_unknown_key:
            return f"{path}: unknown key {given}; {allowed_names(self.path[-1], self.group.keys())}"
        if self.type == "missing":
            words = self.allowed.words()
            return f"{path}: missing; add it ({'see config.yaml for an example' if words == GROUP else words})"
        if self.cause:  # its words: if they begin with a key of its group, that belongs to the path
            key = re.match(r"(\w+)[\w.]*: ", str(self.cause))
            separator = "." if key and key[1] in self.allowed.keys() else ": "  # noqa: SIM118 (no dict)
            shown = "" if isinstance(self.given, dict) else f" {given}"
            return f"{path}{separator if path else ''}{self.cause}{shown}"
        keys = self.allowed.keys() if GROUP in self.allowed.words() else []
        near = nearest(self.given, self.allowed.values())
        hints = [f"; allowed: {', '.join(keys)}" if keys else "", f"; did you mean {near}?" if near else ""]
        if self.type == "string_type" and not isinstance(self.given, dict | list):
            hints.append("; put a text that YAML reads as something else in quotes")
        return f"{path + ': ' if path else ''}{self.allowed.words()} is needed {given}{''.join(hints)}"


def read_mistake(entry: dict, model: type[BaseModel], parents: tuple[str, ...] = ()) -> Mistake:
    """Return one of pydantic's errors about a ``model`` that stands below the keys ``parents``."""
    path, group, allowed = list(parents), read_annotation(Any), read_annotation(model)
    for part in entry["loc"]:
        if allowed.is_union:
            member = allowed.tags().get(part)
            if member is None:
                break  # pydantic tried the members in turn, and names their types
            allowed = member
        elif part == KEY:
            allowed = group.key()
        else:
            path.append(str(part))
            group, allowed = allowed, allowed.below(part)
    kind, given, depth = entry["type"], entry["input"], len(entry["loc"])
    if kind.startswith("union_tag") and allowed.discriminator:
        group, allowed, key = allowed, Allowed(Literal[tuple(allowed.tags())]), allowed.discriminator
        if key in given:
            kind, given = "wrong_tag", given[key]
        elif misspelled := nearest(key, given):
            kind, key, given = "extra_forbidden", misspelled, given[misspelled]
        else:
            kind = "missing"
        path.append(key)
    if entry["loc"][-1:] == (KEY,):
        # Where a key and its value are both wrong, the message names the key.
        kind, depth = "extra_forbidden" if allowed.values() else "wrong_key", 0
    cause = entry.get("ctx", {}).get("error")
    return Mistake(kind, given, tuple(path), group, allowed, depth, cause)


def _short(value: object) -> str:
    """Return a value as JSON, cut to a part of a line."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
