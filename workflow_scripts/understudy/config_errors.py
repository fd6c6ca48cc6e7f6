"""What is wrong in a configuration, for people: the key's path, what was given, what is allowed."""

import difflib
import json
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ValidationError

from understudy.errors import StudyError

UNIONS = (typing.Union, types.UnionType)
# The parser written in C, where PyYAML has it, takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_keys(configfile: Path) -> None:
    """Check that a YAML file gives each key once: of two equal ones YAML silently takes the last.

    Raises
    ------
    StudyError
        One line for each key that is repeated, with its path and both lines.
    """
    repeated = _repeated_keys(yaml.compose(configfile.read_text(), LOADER), ())
    lines = [f"configuration: {configfile}, line {line}: {mistake}" for line, mistake in repeated]
    if lines:
        raise StudyError("\n".join(lines))


def _repeated_keys(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line of each repeated key below ``node``, and what is wrong with it."""
    if isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _repeated_keys(value, (*path, str(place)))
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if name in first:
            shown = ".".join((*path, name))
            yield line, f"{shown}: given before, on line {first[name]}; rename one of the two, or remove it"
        first.setdefault(name, line)
        yield from _repeated_keys(value, (*path, name))


def explain_all(error: ValidationError, model: type) -> list[str]:
    """Say on one line each what pydantic found wrong with a ``model``, unknown keys first."""
    mistakes = error.errors()
    unknown = [mistake for mistake in mistakes if mistake["type"] == "extra_forbidden"]
    meant = [(*mistake["loc"][:-1], key) for mistake in unknown for key in _nearest(mistake["loc"], model)]
    # A misspelled key is one mistake, though the key that was meant is missing too.
    settled = [one for one in mistakes if one["type"] == "missing" and one["loc"] in meant]
    others = [one for one in mistakes if one not in unknown + settled]
    return [explain(mistake, model) for mistake in unknown + others]


def explain(mistake: dict, model: type, *parents: str) -> str:
    """Say on one line what is wrong with a key of ``model``, which lies below the keys ``parents``."""
    path = ".".join(str(part) for part in (*parents, *mistake["loc"]))
    given = mistake.get("input")
    if mistake["type"] == "extra_forbidden":
        near = _nearest(mistake["loc"], model)
        hint = f"; did you mean {near[0]}?" if near else ""
        allowed = ", ".join(_allowed_keys(model, mistake["loc"][:-1]))
        return f"{path}: unknown key (given: {_short(given)}); allowed: {allowed}{hint}"
    if mistake["type"] == "missing":
        return f"{path}: missing; add it (see config.yaml for an example)"
    if mistake["type"] in ("dict_type", "model_type", "model_attributes_type"):
        allowed = _allowed_keys(model, mistake["loc"])
        known = f"; allowed: {', '.join(allowed)}" if allowed else ""
        return f"{path}: names with their settings are needed, `name: setting` (given: {_short(given)}){known}"
    message = re.sub(r"(^|(?<=: ))(Value error|Assertion failed), ", "", mistake["msg"])
    shown = "" if mistake["type"] == "value_error" and isinstance(given, dict) else f" (given: {_short(given)})"
    return f"{path + ': ' if path else ''}{message[:1].lower() + message[1:]}{shown}"


def _nearest(location: tuple, model: type) -> list[str]:
    """Return the allowed key that an unknown one resembles most, or none."""
    return difflib.get_close_matches(str(location[-1]), _allowed_keys(model, location[:-1]), n=1)


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _allowed_keys(model: type, location: tuple) -> list[str]:
    """Return the keys that the group of keys at ``location`` may have."""
    kind: object = model
    for part in location:
        kind = _strip_optional(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[part].annotation
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        elif typing.get_origin(kind) in UNIONS:
            # One of several groups of keys: its `source` is the part of the location.
            kind = next(
                one for one in typing.get_args(kind) if part in typing.get_args(one.model_fields["source"].annotation)
            )
    kind = _strip_optional(kind)
    return sorted(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _strip_optional(kind: object) -> object:
    if typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    options = (
        [one for one in typing.get_args(kind) if one is not type(None)] if typing.get_origin(kind) in UNIONS else []
    )
    # Of a number and a list of names, say, neither has keys; several groups of keys are told apart by their `source`.
    return _strip_optional(options[0]) if len(options) == 1 else kind
