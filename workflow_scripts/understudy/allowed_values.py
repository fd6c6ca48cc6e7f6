"""What the annotations of settings allow, and how to say it to people."""

import json
import types
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from understudy.settings import Settings, Words

UNIONS = (typing.Union, types.UnionType)
GROUP = "a mapping (`key: value`)"
PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}


@dataclass(frozen=True)
class Allowed:
    """What may stand in one place of a configuration.

    Attributes
    ----------
    kind
        The annotation without its constraints: a type, a union of several, a class of settings.
    constraints
        Pydantic's constraints and `Words`.
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
        return self.settings.renamed.get(key) if self.settings and issubclass(self.settings, Settings) else None

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

    def members(self) -> list["Allowed"]:
        """Return the members of a union."""
        return [read_annotation(member) for member in self.arguments]

    def tags(self, discriminator: str | None = None) -> dict[Any, "Allowed"]:
        """Return the members of a union by the values of its discriminator; there are none without a discriminator."""
        key = discriminator or self.discriminator
        if key and self.settings:
            return dict.fromkeys(self.below(key).arguments, self)
        return {tag: one for member in self.members() for tag, one in member.tags(key).items()} if key else {}

    def tag(self) -> "Allowed":
        """Return what the discriminator of a union may be."""
        return Allowed(Literal[tuple(self.tags())])

    def words(self) -> str:
        """Say what is allowed, such as ``a whole number of at least 1 or null``."""
        return _either([*self._alternatives(), *(["null"] if self.optional else [])])

    def _alternatives(self) -> list[str]:
        in_words = [one.text for one in self.constraints if isinstance(one, Words)]
        if in_words:
            return in_words[:1]
        if self.settings or self.origin is dict or self.discriminator:
            return [GROUP]
        if self.is_union:
            return [member.words() for member in self.members()]
        if self.origin is Literal:
            return self.values()
        if self.origin in (list, tuple):
            least = self._limit("min_length")
            size = f" of {len(self.arguments)}" if self.is_fixed else f" of at least {least}" if least else ""
            return [f"a list{size} (each {self.below(0).words()})"]
        return [PLAIN.get(self.kind, "another value") + self._range()]

    def _limit(self, name: str) -> Any:
        return next((getattr(one, name) for one in self.constraints if getattr(one, name, None) is not None), None)

    def _range(self) -> str:
        at_least, above, at_most, below = (self._limit(name) for name in ("ge", "gt", "le", "lt"))
        if at_least is not None and at_most is not None:
            return f" from {at_least} to {at_most}"
        limits = {"of at least": at_least, "above": above, "at most": at_most, "below": below}
        said = [f" {words} {limit}" for words, limit in limits.items() if limit is not None]
        pattern = self._limit("pattern")
        return " and".join(said) + (f" that fits {pattern}" if pattern else "")


def read_annotation(annotation: Any) -> Allowed:
    """Return what an annotation of a field, or of a part of one, allows."""
    constraints, optional, discriminator = [], False, None
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation, *metadata = typing.get_args(annotation)
            for field in metadata:
                discriminator = discriminator or getattr(field, "discriminator", None)
            constraints += _flat(metadata)
        elif typing.get_origin(annotation) in UNIONS and type(None) in typing.get_args(annotation):
            members = tuple(one for one in typing.get_args(annotation) if one is not type(None))
            annotation, optional = typing.Union[members], True  # noqa: UP007 (their number is known at run time alone)
        else:
            return Allowed(annotation, tuple(constraints), optional, discriminator)


def _flat(metadata: Iterable[Any]) -> Iterator[Any]:
    """Yield constraints, those of pydantic's fields included."""
    for one in metadata:
        yield from _flat(one.metadata) if isinstance(one, FieldInfo) else [one]


def _either(words: list[str]) -> str:
    """Join alternatives: ``a, b or c``."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
