"""Settings of how the pixels of image files become a study's images."""

from typing import Annotated, Literal

from PIL import ImageColor
from pydantic import AfterValidator, Field

from understudy.settings import Neutral, Settings, Words


def _known_colour(value: str) -> str:
    try:
        ImageColor.getcolor(value, "RGB")
    except ValueError as error:
        raise ValueError('allowed: a colour\'s name, such as white, or "#rrggbb" in quotes') from error
    return value


Colour = Annotated[str, AfterValidator(_known_colour), Words('a colour\'s name, such as white, or "#rrggbb" in quotes')]


class ValueSettings(Settings):
    """What the values of image files mean: which is white, and what lies behind transparent pixels."""

    white: Annotated[float | None, Neutral(None)] = Field(
        None,
        gt=0,
        description="value that becomes 255 in images of more than 8 bits, such as 4095 for 12 bits in 16, or 1 for "
        "floats; null: the largest value that the file's format holds. Images of 8 bits stay as they are",
    )
    background: Annotated[Colour, Neutral("white")] = Field(
        "white", description='colour behind transparent pixels and of padding: a name, or "#rrggbb" in quotes'
    )

    @property
    def background_colour(self) -> tuple[int, int, int]:
        """Red, green and blue of the background, 0 to 255."""
        return ImageColor.getcolor(self.background, "RGB")[:3]


class PixelSettings(ValueSettings):
    """How image files become images of a study: their size, channels and values."""

    size: int | None = Field(None, ge=4, le=1024, description="resize images to size x size pixels; null keeps them")
    channels: Literal[1, 3] | None = Field(None, description="convert to grey (1) or colour (3); null keeps them")
    resize: Annotated[Literal["crop", "pad", "squash"], Neutral("squash")] = Field(
        "crop",
        description="how images that aren't square become so: cut to the centre square, filled up with the background, "
        "or stretched",
    )

    def pixels(self) -> dict:
        """Return these keys alone, as plain data, of settings that have more: for what else is read in the same way."""
        return self.canonical(include=PixelSettings.model_fields)
