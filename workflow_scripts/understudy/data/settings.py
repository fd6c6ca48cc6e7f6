"""Settings of the data and its splits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from understudy.data.check_settings import CheckSettings
from understudy.data.sources import DIGITS, SOURCES
from understudy.errors import allowed_names
from understudy.settings import Count, Settings, Words


class DataSettings(CheckSettings):
    """Where the labelled images come from."""

    source: str = Field(
        DIGITS,
        description="sklearn-digits, torchvision:<Dataset> (already downloaded under root), imagefolder "
        "(root/class/image.png) or parquet (root is a file or folder with columns image and label)",
    )
    root: Path | None = Field(None, description="folder or file of the images; not used by sklearn-digits")
    size: int | None = Field(None, ge=4, le=1024, description="resize images to size x size pixels; null keeps them")
    channels: Literal[1, 3] | None = Field(None, description="convert to grey (1) or colour (3); null keeps them")

    @property
    def known_size(self) -> int | None:
        """Pixels a side of the study's images, where that is known before they are read."""
        return self.size or SOURCES[self.source.partition(":")[0]].size

    def _mistakes(self) -> Iterator[str]:
        kind, colon, _ = self.source.partition(":")
        source = SOURCES.get(kind)
        if source is None or bool(colon) != bool(source.detail):
            known = [f"{name}:{entry.detail}" if entry.detail else name for name, entry in SOURCES.items()]
            yield f'source: {allowed_names(self.source, known)} (given: "{self.source}")'
        elif source.needs_root and self.root is None:
            yield f"source {self.source!r} needs `root`, the folder or file that holds the images"
        elif source.needs_root and not self.root.exists() and not source.comes_later:
            yield f"root {str(self.root)!r} does not exist; give the folder or file that holds the images"
        elif source.needs_folder and not self.root.is_dir():
            yield f"root {str(self.root)!r} is no folder; give one that holds a folder per class"


Share = Annotated[float, Field(gt=0, lt=1), Words("a share above 0 and below 1")]


class SplitSettings(Settings):
    """One split: how many images train, and how many of those the standard protocol holds out for validation."""

    train: Count | Share | Literal["all"] = Field(
        description="images to train on, classes in proportion: their number, or a share of all images such as 0.4; "
        "`all` keeps none for testing, unless the data has a test part"
    )
    validation: Count | Share = Field(
        description="how many of the train images the subtrain regime holds out: their number, or a share of the train "
        "images such as 0.2"
    )

    def _mistakes(self) -> Iterator[str]:
        if isinstance(self.train, int) and isinstance(self.validation, int) and self.validation >= self.train:
            yield f"validation ({self.validation}) must be smaller than train ({self.train})"
