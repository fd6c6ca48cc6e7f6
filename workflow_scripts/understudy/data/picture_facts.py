"""What an image file was before it became pixels of a study."""

from dataclasses import dataclass

from understudy.data.colour import NONE


@dataclass(frozen=True)
class PictureFacts:
    """What an image file was before it became eight bits of grey or colour.

    Attributes
    ----------
    format, mode : str
        Pillow's names; format `array` where there was no file.
    width, height : int
        As stored, before it was turned.
    bits : int
        Bits a sample.
    turned, bad_orientation : bool
        Whether an orientation tag turned it, or can't be understood.
    transparent, vanished : bool
        Whether a background shines through, and whether nothing but the background is left.
    frames : int
        Pictures in the file, of which the first is read.
    profile : str
        Empty, `sRGB`, `converted` or `broken`.
    gamma : bool
        Whether a PNG states a gamma of its own, which isn't applied.
    least, largest : float
        Stored values, where they have more than 8 bits; else 0.
    white : float or None
        The value of white by the file's format; None if it doesn't say.
    coarse : bool
        Whether only the higher 8 bits of each value could be read.

    """

    format: str
    mode: str
    width: int
    height: int
    bits: int = 8
    turned: bool = False
    bad_orientation: bool = False
    transparent: bool = False
    vanished: bool = False
    frames: int = 1
    profile: str = NONE
    gamma: bool = False
    least: float = 0
    largest: float = 0
    white: float | None = 255
    coarse: bool = False

    @property
    def deep(self) -> bool:
        """Whether its values have more than eight bits, or no known range."""
        return self.bits > 8 or self.white is None
