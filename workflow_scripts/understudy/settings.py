"""What all groups of a study's configuration have in common. No torch import."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

NAME = r"[A-Za-z][A-Za-z0-9_.]*"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Neutral:
    """The value of a key that stands for the behaviour before the key existed.

    Add it to the annotation of a key that is new in a version. `Settings.canonical` leaves the key out while it has
    this value: finished studies then have the same params and checkpoints as before, and are not planned anew.

    Examples
    --------
    >>> class Training(Settings):
    ...     steps: int
    ...     precision: Annotated[str, Neutral("float32")] = "float32"
    >>> Training(steps=3).canonical()
    {'steps': 3}
    >>> Training(steps=3, precision="bfloat16").canonical()
    {'steps': 3, 'precision': 'bfloat16'}

    """

    value: Any


class Settings(BaseModel):
    """A group of keys; an unknown key is an error.

    Attributes
    ----------
    renamed
        New names of the keys by their old names: whoever writes the old one is told the new one.

    """

    model_config = ConfigDict(extra="forbid")
    renamed: ClassVar[dict[str, str]] = {}

    def canonical(self, include: Collection[str] | None = None, exclude: Collection[str] = ()) -> dict[str, Any]:
        """Return all values as JSON has them: what a rule's params and a checkpoint's digest are made of.

        Parameters
        ----------
        include
            Keys of this group that the work depends on; None is all. Of groups below it, all keys are included.
        exclude
            Keys of this group that don't change the work.

        Returns
        -------
        dict
            The values in the order of the fields, at every depth without keys that have their neutral value.

        Examples
        --------
        >>> class Images(Settings):
        ...     root: Path
        ...     sizes: tuple[int, ...] = (8, 16)
        >>> class Work(Settings):
        ...     images: Images
        ...     group: str | None = None
        >>> Work(images={"root": "a/b"}).canonical(exclude={"group"})
        {'images': {'root': 'a/b', 'sizes': [8, 16]}}

        """
        kept = (set(type(self).model_fields) if include is None else set(include)) - set(exclude)
        return {key: _jsonable(value) for key, value in self._values() if key in kept}

    def _values(self) -> Iterator[tuple[str, Any]]:
        """Yield the keys with their values, except for neutral ones."""
        for key, field in type(self).model_fields.items():
            value = getattr(self, key)
            if Neutral(value) not in field.metadata:
                yield key, value


class FrozenSettings(Settings):
    """Settings that don't change once made."""

    model_config = ConfigDict(frozen=True)


def _jsonable(value: Any) -> Any:
    """Return ``value`` as JSON has it."""
    if isinstance(value, Settings):
        return value.canonical()
    if isinstance(value, dict):
        return {key: _jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return value.as_posix() if isinstance(value, Path) else value
