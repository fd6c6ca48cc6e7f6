"""What the annotations of settings allow, and how to say it to people."""

import json
import types
import typing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel

UNIONS = (typing.Union, types.UnionType)
GROUP = "a mapping (`key: value`)"
RANGE = {"ge": "of at least", "gt": "above", "le": "at most", "lt": "below", "pattern": "that fits"}
PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}


@dataclass(frozen=True)
class Allowed:
    """What may stand in one place of a configuration.

    Attributes
    ----------
    kind
        The annotation without its constraints: a type, a union of several, a class of settings.
    constraints
        Pydantic's constraints, `Words` and `Renamed`.
    optional
        Whether null is allowed too.
    discriminator
        The key that tells the members of a union apart; None for a union without one, and for other kinds.

    """

    kind: Any
    constraints: tuple = ()
    optional: bool = False
    discriminator: str | None = None

    @property
    def origin(self) -> Any:
        """What the kind is before its brackets, ``dict`` of ``dict[str, int]``."""
        return typing.get_origin(self.kind) or self.kind

    @property
    def arguments(self) -> tuple:
        """What stands in the brackets of the kind."""
        return typing.get_args(self.kind)

    @property
    def settings(self) -> type[BaseModel] | None:
        """The class of settings that the kind is, if it is one."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, BaseModel) else None

    @property
    def is_union(self) -> bool:
        """Whether values of several types are allowed."""
        return self.origin in UNIONS

    def keys(self) -> list[str]:
        """Return the keys that a group of keys may have, as far as they are known."""
        if self.settings:
            return sorted(self.settings.model_fields)
        if self.discriminator:
            return [self.discriminator]
        return self.key().values() if self.origin is dict else []

    def values(self) -> list[str]:
        """Return the values of which one is needed, where these are listed."""
        literals = self.arguments if self.origin is Literal else ()
        return [value if isinstance(value, str) else json.dumps(value) for value in literals]

    def renamed(self, key: str) -> str | None:
        """Return the new name of a key that had another one."""
        return (getattr(self.settings, "renamed", None) or self._constraint("new_names") or {}).get(key)

    def key(self) -> "Allowed":
        """Return what the keys of a dict may be."""
        return read_annotation(self.arguments[0] if self.arguments else str)

    def below(self, part: str | int) -> "Allowed":
        """Return what is allowed at a key of this group, or at a position of this list."""
        inner: Any = self.arguments[-1] if self.origin is dict else Any
        if self.settings and part in self.settings.model_fields:
            field = self.settings.model_fields[part]
            inner = Annotated[field.annotation, field]
        elif self.origin in (list, tuple) and self.arguments:
            inner = self.arguments[part if self.is_fixed else 0]
        return read_annotation(inner)

    @property
    def is_fixed(self) -> bool:
        """Whether this is a tuple with a type for each of its entries."""
        return self.origin is tuple and Ellipsis not in self.arguments

    def tags(self, discriminator: str | None = None) -> dict[Any, "Allowed"]:
        """Return the members of a union by the values of its discriminator; there are none without a discriminator."""
        key = discriminator or self.discriminator
        if key and self.settings:
            return dict.fromkeys(self.below(key).arguments, self)
        members = map(read_annotation, self.arguments) if key else []
        return {tag: one for member in members for tag, one in member.tags(key).items()}

    def words(self) -> str:
        """Say what is allowed, such as ``a whole number of at least 1 or null``."""
        words = [*self._alternatives(), *(["null"] if self.optional else [])]
        return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

    def _alternatives(self) -> list[str]:
        if text := self._constraint("text"):
            return [text]
        if self.settings or self.origin is dict or self.discriminator:
            return [GROUP]
        if self.is_union:
            return [read_annotation(member).words() for member in self.arguments]
        if self.origin is Literal:
            return self.values()
        if self.origin in (list, tuple):
            fewest = self._constraint("min_length")
            size = f" of {len(self.arguments)}" if self.is_fixed else f" of at least {fewest}" if fewest else ""
            return [f"a list{size} (each {self.below(0).words()})"]
        return [PLAIN.get(self.kind, "another value") + self._range()]

    def _constraint(self, name: str) -> Any:
        return next((getattr(one, name) for one in self.constraints if hasattr(one, name)), None)

    def _range(self) -> str:
        limits = {name: self._constraint(name) for name in RANGE}
        if limits["ge"] is not None and limits["le"] is not None:
            return f" from {limits['ge']} to {limits['le']}"
        return " and".join(f" {RANGE[name]} {limit}" for name, limit in limits.items() if limit is not None)


def read_annotation(annotation: Any) -> Allowed:
    """Return what an annotation of a field, or of a part of one, allows."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        inner, *metadata = read_annotation(arguments[0]), *arguments[1:]
        held = (part for one in metadata for part in getattr(one, "metadata", [one]))  # of fields, what they hold
        tags = [tag for one in metadata if (tag := getattr(one, "discriminator", None))]
        return replace(inner, constraints=(*held, *inner.constraints), discriminator=[*tags, inner.discriminator][0])
    if origin in UNIONS and type(None) in arguments:
        members = tuple(one for one in arguments if one is not type(None))
        return replace(read_annotation(typing.Union[members]), optional=True)  # noqa: UP007 (known at run time alone)
    return Allowed(annotation)
