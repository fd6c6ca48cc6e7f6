"""Settings of the data and its splits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from understudy.data.check_settings import CheckSettings
from understudy.data.names import matching
from understudy.data.pixel_settings import PixelSettings
from understudy.data.source_images import PARTS
from understudy.data.sources import DIGITS, SOURCES, Overview, overview
from understudy.errors import allowed_names
from understudy.settings import Count, FrozenSettings, Neutral, PathOrName, Settings, Words


class PartSettings(FrozenSettings):
    """Where the images of each part lie, for people whose data is divided already. Paths may begin at `data.root`."""

    train: Path = Field(description="folder or file of the images that the splits draw their training images from")
    validation: Path | None = Field(
        None,
        description="folder or file of the standard protocol's validation images: the regime full trains on the "
        "split's training images and these, subtrain on the training images alone; the splits then have no "
        "`validation`",
    )
    test: Path = Field(
        description="folder or file of the held-out images: calibration_fraction of them calibrate, the others test"
    )


class DataSettings(PixelSettings, CheckSettings):
    """Where the labelled images come from, how their pixels are read, and what becomes of doubtful ones."""

    source: str = Field(
        DIGITS,
        description="sklearn-digits, torchvision:<Dataset> (already downloaded under root), imagefolder "
        "(root/class/image.png, also in folders below the class's), parquet (root is a file or folder with columns "
        "image and label) or npz (a file of MedMNIST, with train_images, train_labels, ...)",
    )
    root: Path | None = Field(None, description="folder or file of the images; not used by sklearn-digits")
    parts: Annotated[PartSettings | None, Neutral(None)] = Field(
        None, description="imagefolder and parquet: where training, validation and test images lie; null: in `root`"
    )
    pool_parts: Annotated[bool, Neutral(False)] = Field(
        False,
        description="true: images of all parts, those of `parts` or the source's own, are one set that splits are "
        "drawn from; false: the splits draw from the training part, and the test part stays one",
    )
    classes: Annotated[list[str] | None, Neutral(None)] = Field(
        None,
        min_length=2,
        description="names of the classes in the order of their numbers; images of other classes are left out. Where a "
        "source has but numbers, the names of 0, 1, ...",
    )
    labels: Annotated[Path | None, Neutral(None)] = Field(
        None,
        description="imagefolder: a CSV file with columns file and label, in place of a folder for each class; the "
        "files' paths begin at the folder of the images, or are names that one image alone has",
    )
    groups: Annotated[PathOrName | None, Neutral(None)] = Field(
        None,
        description="imagefolder and parquet: what says which images belong together (patients, objects), so that no "
        "split divides them: a column of the parquet files or of `labels`, a CSV file with columns file and group, or "
        "a regular expression for the image's path, whose first group (or all that it matches) is the group's name",
    )
    columns: Annotated[dict[Literal["image", "label", "file", "group"], str], Neutral({})] = Field(
        {}, description="names of columns of parquet (image, label) and CSV files (file, label, group) that have others"
    )

    @property
    def kind(self) -> str:
        """The kind of source."""
        return self.source.partition(":")[0]

    @property
    def known_size(self) -> int | None:
        """Pixels a side of the study's images, where that is known before they are read."""
        return self.size or SOURCES[self.kind].size

    @property
    def part_paths(self) -> dict[str, Path]:
        """Where the images of each part lie; of the part "" where there are no parts."""
        if self.parts is None:
            return {"": self.root} if self.root else {}
        given = {part: getattr(self.parts, part) for part in PARTS}
        return {part: self.located(path) for part, path in given.items() if path is not None}

    @property
    def files(self) -> list[Path]:
        """All files and folders that the images, labels and groups are read from."""
        tables = [path for path in (self.labels and self.located(self.labels), self.group_file) if path]
        return [file for path in [*self.part_paths.values(), *tables] for file in matching(path) or [path]]

    @property
    def group_file(self) -> Path | None:
        """The CSV file of groups, if `groups` is one."""
        if self.groups is None:
            return None
        path = self.located(Path(self.groups))
        return path if path.suffix.lower() in (".csv", ".tsv") else None

    @property
    def fixed_parts(self) -> tuple[str, ...]:
        """The parts that the images are divided into already: none, or train, test and maybe validation."""
        if self.pool_parts:
            return ()
        return tuple(self.part_paths) if self.parts else SOURCES[self.kind].own_parts(self)

    @property
    def overview(self) -> Overview | None:
        """The classes, and how many images each has, where that is quick to know, else None."""
        return overview(self)

    def located(self, path: Path) -> Path:
        """Return a path as given, or, where nothing is there, below `root`."""
        below = self.root / path if self.root is not None and self.root.is_dir() else path
        return path if matching(path) and not matching(below) else below

    def column(self, name: str) -> str:
        """Return what a column is called in the user's files."""
        return self.columns.get(name, name)

    def _mistakes(self) -> Iterator[str]:
        kind, colon, _ = self.source.partition(":")
        source = SOURCES.get(kind)
        if source is None or bool(colon) != bool(source.detail):
            known = [f"{name}:{entry.detail}" if entry.detail else name for name, entry in SOURCES.items()]
            yield f'source: {allowed_names(self.source, known)} (given: "{self.source}")'
            return
        for key in ("parts", "labels", "groups", "columns", "pool_parts"):
            if getattr(self, key) and key not in source.keys:
                having = [name for name, entry in SOURCES.items() if key in entry.keys]
                yield f"{key}: it belongs to source {' or '.join(having)}; remove it"
        if self.classes and len(set(self.classes)) < len(self.classes):
            yield "classes: a name is given twice"
        yield from self._missing(source)

    def _missing(self, source: object) -> Iterator[str]:
        paths = self.part_paths
        if source.needs_root and not paths:
            yield f"source {self.source!r} needs `root`, the folder or file that holds the images"
        for part, path in paths.items():
            key = f"parts: {part}" if part else "root"
            if source.needs_root and not matching(path) and not source.comes_later:
                yield f"{key} {str(path)!r} does not exist; give the folder or file that holds the images"
            elif source.needs_folder and not path.is_dir():
                yield f"{key} {str(path)!r} is no folder; give one that holds a folder per class"
        if len({path.resolve() for path in paths.values()}) < len(paths):
            yield "parts: two parts are the same folder or file; give each its own"
        for key, path in (("labels", self.labels and self.located(self.labels)), ("groups", self.group_file)):
            if path and not path.is_file():
                yield f"{key}: no file {str(path)!r}; give a CSV file"


Share = Annotated[float, Field(gt=0, lt=1), Words("a share above 0 and below 1")]


class SplitSettings(Settings):
    """One split: how many images train, and how many of those the standard protocol holds out for validation."""

    train: Count | Share | Literal["all"] = Field(
        description="images to train on, classes in proportion: their number, or a share of all images such as 0.4; "
        "`all` keeps none for testing, but a given test part"
    )
    validation: Count | Share | None = Field(
        None,
        description="how many of the train images the subtrain regime holds out: their number, or a share of the train "
        "images such as 0.2; left out where a validation part is given, whose images the regime full trains on beside "
        "the train images",
    )

    def _mistakes(self) -> Iterator[str]:
        if isinstance(self.train, int) and isinstance(self.validation, int) and self.validation >= self.train:
            yield f"validation ({self.validation}) must be smaller than train ({self.train})"


def validation_mistakes(data: DataSettings, splits: dict[str, SplitSettings]) -> Iterator[str]:
    """Yield which splits lack a number of validation images, or have one beside a part of these."""
    given = "validation" in data.fixed_parts
    for name, split in splits.items():
        if given and split.validation is not None:
            yield (f"splits.{name}.validation: the data has a validation part, which the standard protocol uses; "
                   "remove the number, or set `data.pool_parts: true`")  # fmt: skip
        if not given and split.validation is None:
            yield f"splits.{name}.validation: missing; add it (a whole number of 1 or more, or a share such as 0.2)"
