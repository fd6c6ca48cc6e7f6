"""Read a set of pictures, each once; what concerns the set as a whole is checked at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image

from understudy.data.colour import BROKEN, CONVERTED
from understudy.data.decoding import read_picture, to_array
from understudy.data.picture_facts import PictureFacts
from understudy.data.pixel_settings import PixelSettings, ValueSettings
from understudy.data.resizing import fit
from understudy.data.shards import encode_png
from understudy.errors import StudyError

# A set of more than 8 bits is refused where its largest value is below this share of white; below the other, named.
REFUSED_SHARE, NAMED_SHARE = 1 / 8, 1 / 2
# From this share of a set on, images of which nothing but the background is left are refused.
VANISHED_SHARE = 1 / 10
USUAL_WHITES = (1, *(2**bits - 1 for bits in (8, 10, 12, 14, 16)))


@dataclass(frozen=True)
class ReadPicture:
    """An image as the study has it.

    Attributes
    ----------
    pixels : uint8 array [C, H, W]
    facts : PictureFacts
        What its file was.
    original : bytes or None
        The file's bytes, where they are a PNG of exactly these pixels.

    """

    pixels: np.ndarray
    facts: PictureFacts
    original: bytes | None = None

    @cached_property
    def png(self) -> bytes:
        """The image as PNG: the original's bytes where they serve."""
        return self.original or encode_png(self.pixels)


@dataclass
class DepthCheck:
    """Whether the values of all images of more than eight bits together mean what the format or the user says."""

    settings: ValueSettings
    key: str = "data.white"
    count: int = 0
    first: str = ""
    least: float = np.inf
    largest: float = 0.0
    share: float = 0.0
    nameless: str = ""
    clipped: int = 0
    coarse: str = ""

    def add(self, facts: PictureFacts, name: str) -> None:
        """Take account of one image."""
        if not facts.deep:
            return
        self.count, self.first = self.count + 1, self.first or name
        self.least, self.largest = min(self.least, facts.least), max(self.largest, facts.largest)
        self.share = max(self.share, facts.largest / facts.white if facts.white else 1.0)
        self.nameless = self.nameless or ("" if facts.white else name)
        self.coarse = self.coarse or (name if facts.coarse else "")
        self.clipped += self.settings.white is not None and facts.largest > self.settings.white

    def finish(self, images: int, alone: bool = False) -> list[str]:
        """Return warnings about ``images`` images, which may be dark where they stand ``alone``.

        Raises
        ------
        StudyError
            If the setting is missing, or can't be applied.

        """
        white, usual = self.settings.white, self._usual_white()
        values = f"values {self.least:g} to {self.largest:g}"
        if white is not None and self.coarse:
            raise StudyError(
                f"{self.coarse} keeps red, green and blue apart; of such TIFFs only 8 of 16 bits can be read, too few "
                f"for `{self.key}`; save it with interleaved colours, or as PNG"
            )
        if white is None and self.nameless:
            raise StudyError(
                f"{self.key}: {self.count} image(s) (first: {self.nameless}) hold {values} in a form that doesn't say "
                f"which is white; set it to that value, such as {usual:g}"
            )
        if not alone and white is None and self.count and 0 < self.share < REFUSED_SHARE:
            raise StudyError(
                f"{self.key}: {self.count} image(s) of more than 8 bits (first: {self.first}) hold {values} and would "
                f"be nearly black; set it to the value of white, such as {usual:g} (65535 leaves 16 bits as they are)"
            )
        found = []
        if white is not None and images and not self.count and not alone:
            found.append(f"{self.key} changes nothing: no image has more than 8 bits, and those of 8 stay as they are")
        if not alone and white is None and self.count and REFUSED_SHARE <= self.share <= NAMED_SHARE:
            found.append(
                f"{self.count} image(s) of more than 8 bits (first: {self.first}) hold {values}, at most "
                f"{self.share:.0%} of white; if white is {usual:g}, set `{self.key}: {usual:g}`"
            )
        if self.clipped:
            found.append(f"{self.clipped} image(s) have values above {self.key} ({white:g}), which become white")
        return found

    def _usual_white(self) -> float:
        return next((white for white in USUAL_WHITES if white >= self.largest), self.largest)


@dataclass
class PictureReader:
    """Reads the pictures of one set, all by the same settings.

    Examples
    --------
    >>> reader = PictureReader(PixelSettings(size=4, channels=1))
    >>> reader.read(np.zeros((3, 8, 8), np.uint8), "a square").pixels.shape
    (1, 4, 4)
    >>> reader.finish()
    []

    """

    settings: PixelSettings
    section: str = "data"
    _count: int = 0
    _told: dict[str, tuple[int, str]] = field(default_factory=dict)
    _pixels: np.ndarray | None = None
    _equal: bool = True
    _depth: DepthCheck = field(init=False)

    def __post_init__(self) -> None:
        self._depth = DepthCheck(self.settings, f"{self.section}.white")

    def read(self, content: bytes | np.ndarray | Image.Image, name: str) -> ReadPicture:
        """Decode one image and bring it to the settings' size and channels.

        Raises
        ------
        StudyError
            If it can't be read.

        """
        decoded, facts = read_picture(content, name, self.settings)
        picture = fit(decoded, self.settings)
        pixels = to_array(picture)
        self._note(pixels, decoded, facts, name)
        kept = isinstance(content, bytes) and picture is decoded and _is_plain_png(facts, content)
        return ReadPicture(pixels, facts, content if kept else None)

    def finish(self, alone: bool = False) -> list[str]:
        """Return what was changed that nobody asked for, counted.

        Images that are no set stand ``alone``: they may be equal, empty or dark.

        Raises
        ------
        StudyError
            If the images as a set can't mean what they were read as.

        """
        found = self._depth.finish(self._count, alone)
        ground = f"{self.section}.background ({self.settings.background})"
        transparent, vanished = (self._told.get(text, (0, ""))[0] for text in (TRANSPARENT, VANISHED))
        if not alone and vanished and vanished >= VANISHED_SHARE * self._count:
            raise StudyError(
                f"{ground}: {vanished} transparent image(s) (first: {self._told[VANISHED][1]}) vanish on it; choose a "
                "colour that none of them is drawn in"
            )
        if not alone and self._equal and self._count > 1 and (transparent or self._depth.least < self._depth.largest):
            key = ground if transparent else f"{self.section}.white"
            raise StudyError(f"{key}: all {self._count} images become equal; choose another value")
        said = {SHAPE: f"{self.section}.resize: {self.settings.resize}", TRANSPARENT: ground, VANISHED: ground}
        for text, (count, first) in self._told.items():
            found.append(f"{count} image(s) {text} {said.get(text, '')}".rstrip() + f" (first: {first})")
        return found

    def _note(self, pixels: np.ndarray, decoded: Image.Image, facts: PictureFacts, name: str) -> None:
        self._count += 1
        self._depth.add(facts, name)
        for text, holds in NOTES.items():
            if holds(facts):
                self._tell(text, name)
        if self.settings.size and decoded.width != decoded.height:
            self._tell(SHAPE, name)
        if self._pixels is None:
            self._pixels = pixels
        self._equal = self._equal and np.array_equal(self._pixels, pixels)

    def _tell(self, text: str, name: str) -> None:
        count, first = self._told.get(text, (0, name))
        self._told[text] = count + 1, first


SHAPE = "aren't square:"
TRANSPARENT = "are transparent and lie on"
VANISHED = "vanish on"
NOTES: dict[str, Callable[[PictureFacts], bool]] = {
    "are turned as their orientation tags say": lambda facts: facts.turned,
    "have an orientation tag that can't be understood, and are read as upright": lambda facts: facts.bad_orientation,
    TRANSPARENT: lambda facts: facts.transparent,
    VANISHED: lambda facts: facts.vanished,
    "hold several pictures or frames, of which the first is read": lambda facts: facts.frames > 1,
    "are converted to sRGB from a colour profile of their own": lambda facts: facts.profile == CONVERTED,
    "have a colour profile that can't be used, and are read without it": lambda facts: facts.profile == BROKEN,
    "state a gamma of their own, which isn't applied": lambda facts: facts.gamma,
}


def _is_plain_png(facts: PictureFacts, content: bytes) -> bool:
    """Whether a file's bytes serve as they are: PNG of 8 bits whose metadata change no pixel in any reader."""
    changed = facts.turned or facts.bad_orientation or facts.transparent or facts.profile or facts.gamma
    plain = facts.format == "PNG" and facts.mode in ("L", "RGB") and facts.frames == 1 and content[24] == 8
    return plain and not changed and b"tRNS" not in content[: content.find(b"IDAT")]
