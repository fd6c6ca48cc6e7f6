"""What all groups of a study's configuration have in common. No torch import."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


@dataclass(frozen=True)
class Words:
    """What a key may be, for the message about a mistake, where the annotation alone doesn't say it."""

    text: str


NAME = r"[A-Za-z][A-Za-z0-9_.]*"
Name = Annotated[str, Field(pattern=f"^{NAME}$"), Words("a name (a letter, then letters, digits, _ or .)")]
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

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    renamed: ClassVar[dict[str, str]] = {}

    @classmethod
    def validate_part(cls, values: Any, *keys: str) -> Self:
        """Return settings that a group of keys holds as plain values below ``keys``, for validators of that group.

        Raises
        ------
        PartError
            What is wrong with the values; the message about the configuration names the keys.

        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise PartError(cls, keys, error) from None

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


class PartError(ValueError):
    """Plain values below ``keys`` don't make the ``settings`` that they should.

    A validator's way to tell of mistakes in keys that no annotation describes, such as those of an architecture's
    arguments, which depend on its model.
    """

    def __init__(self, settings: type[Settings], keys: tuple[str, ...], error: ValidationError):
        self.settings, self.keys, self.error = settings, keys, error
        super().__init__(f"{'.'.join(keys)}: {error}")


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
