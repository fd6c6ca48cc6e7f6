"""What all sections of a study's configuration have in common. No torch import."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = r"[A-Za-z][A-Za-z0-9_.]*"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Count = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """A group of keys; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


class FrozenSettings(Settings):
    """Settings that don't change once made."""

    model_config = ConfigDict(frozen=True)
