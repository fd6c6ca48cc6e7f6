"""What all groups of a study's configuration have in common. No torch import."""

import json
import os
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Words:
    """What a key may be, for the message about a mistake, where the annotation alone doesn't say it."""

    text: str


NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
Name = Annotated[
    str, Field(pattern=f"^{NAME}$"), Words("a name (letters from a to z, digits, _, - and .; first a letter or digit)")
]
Count = Annotated[int, Field(ge=1)]
EvenCount = Annotated[int, Field(ge=2, multiple_of=2), Words("an even number of at least 2")]


def expand_home(path: Any) -> Any:
    """Return a path, or a text that may be one, with the home folder in place of a `~` at its beginning."""
    return type(path)(os.path.expanduser(path)) if str(path).startswith("~") else path  # noqa: PTH111 (raises nothing)


PathOrName = Annotated[str, AfterValidator(expand_home)]


class OldName(FutureWarning):
    """A study file has a key by its old name."""


def use_new_names(values: Any, new_names: Mapping[str, str]) -> Any:
    """Return a mapping with new names for its old keys, and warn of each; other values are returned as they are.

    A key that is given by both names stays, and is an unknown key.
    """
    if not isinstance(values, dict):
        return values
    old = {key: name for key, name in new_names.items() if key in values and name not in values}
    for key, name in old.items():
        warnings.warn(f"key {key} is called {name} now; rename it in the study file", OldName, stacklevel=2)
    return {old.get(key, key): value for key, value in values.items()}


@dataclass(frozen=True)
class Renamed:
    """New names of a mapping's keys by their old names, for the annotation of the mapping."""

    new_names: dict[str, str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda values: use_new_names(values, self.new_names), handler(source)
        )


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
        New names of the keys by their old names, which are still read, with a warning.

    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    renamed: ClassVar[dict[str, str]] = {}

    def _mistakes(self) -> Iterable[str]:
        """Yield what is wrong between keys whose values are right one by one; the first is told.

        A message may begin with the key that it concerns: ``root: it does not exist``.
        """
        return ()

    @model_validator(mode="before")
    @classmethod
    def _with_new_names(cls, values: Any) -> Any:
        return use_new_names(values, cls.renamed)

    @model_validator(mode="before")
    @classmethod
    def _with_whole_numbers(cls, values: Any) -> Any:
        """Read `1e4`, which is a text for YAML 1.1, where a whole number is needed; pydantic reads it as a float."""
        if not isinstance(values, dict):
            return values
        whole = {
            key for key, field in cls.model_fields.items() if int in (field.annotation, *get_args(field.annotation))
        }
        return {key: _whole_number(value) if key in whole else value for key, value in values.items()}

    @model_validator(mode="before")
    @classmethod
    def _without_truth_values(cls, values: Any) -> Any:
        """Read true and false, as YAML does `seed: on`, as texts where numbers are needed: pydantic takes 1 and 0."""
        if not isinstance(values, dict) or not any(_holds_truth(value) for value in values.values()):
            return values
        numbers = {key for key, field in cls.model_fields.items() if _is_number(field.annotation)}
        return {key: _truth_as_text(value) if key in numbers else value for key, value in values.items()}

    @field_validator("*")
    @classmethod
    def _expand_home(cls, value: Any) -> Any:
        """Write `~` in paths out, as a shell does."""
        if isinstance(value, dict):
            return {key: cls._expand_home(one) for key, one in value.items()}
        return expand_home(value) if isinstance(value, Path) else value

    @model_validator(mode="after")
    def _without_mistakes(self) -> Self:
        for mistake in self._mistakes():
            raise ValueError(mistake)
        return self

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
        >>> from pathlib import Path
        >>> class Images(Settings):
        ...     root: Path
        ...     sizes: tuple[int, ...] = (8, 16)
        >>> class Work(Settings):
        ...     images: Images
        ...     group: str | None = None
        >>> Work(images={"root": "a/b"}).canonical(exclude={"group"})
        {'images': {'root': 'a/b', 'sizes': [8, 16]}}

        """
        fields = type(self).model_fields
        kept = (set(fields) if include is None else set(include)) - set(exclude)
        values = {key: getattr(self, key) for key in fields if key in kept}
        return {key: plain(one) for key, one in values.items() if Neutral(one) not in fields[key].metadata}


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


def _kinds(annotation: Any) -> set[Any]:
    """Return the plain types of an annotation's values, those of listed words and of keys of mappings left out."""
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return {bool} & set(map(type, parts))
    if parts:
        return set().union(*map(_kinds, parts[1:] if get_origin(annotation) is dict else parts))
    return {annotation} if annotation is Any or isinstance(annotation, type) else set()


def _is_number(annotation: Any) -> bool:
    """Whether values are numbers, or hold some, and neither truth values nor texts."""
    kinds = _kinds(annotation)
    others = kinds & {bool, str, Any} or any(issubclass(one, BaseModel) for one in kinds)
    return bool(kinds & {int, float}) and not others


def _holds_truth(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return isinstance(value, bool) or any(map(_holds_truth, inner))


def _truth_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _truth_as_text(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_truth_as_text(one) for one in value]
    return json.dumps(value) if isinstance(value, bool) else value


def _whole_number(value: Any) -> Any:
    """Return the number that a text such as `1e4` or `1.5e3` stands for if it is a whole one, else the value itself."""
    if not isinstance(value, str) or not re.fullmatch(r"[-+]?\d+(\.\d*)?[eE]\+?\d{1,2}", value):
        return value
    return int(float(value)) if float(value).is_integer() else value


def plain(value: Any) -> Any:
    """Return the dicts, lists and scalars of JSON for settings, and for what YAML or the workflow engine hands over."""
    if isinstance(value, Settings):
        return value.canonical()
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key, default=str): plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)
