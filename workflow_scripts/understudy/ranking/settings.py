"""Settings of the ranking study: which models, on which sets, and how they are calibrated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from understudy.data.pixel_settings import ValueSettings
from understudy.errors import unknown_name
from understudy.generators.pretrained_settings import BigGANSet, DiTSet
from understudy.ranking.formats.set_files import ARRAY
from understudy.ranking.prediction_formats import FORMATS, label_file
from understudy.ranking.predictions import REAL_SETS
from understudy.settings import Name, Neutral, PathOrName, Settings
from understudy.zoo.settings import ZooSettings

Penalty = Annotated[float, Field(gt=0)]
ClassName = Annotated[str, BeforeValidator(lambda name: str(name) if type(name) is int else name)]
"""A whole number is a name as it is written (:mod:`understudy.config_files` refuses those that YAML changes)."""


class PredictionFile(Settings):
    """What models, evaluated elsewhere, say about the images of a set."""

    source: Literal["predictions"]
    path: Path = Field(description="an npz file, or a table (parquet, csv) with columns `model` and `predicted`")
    labels: PathOrName = Field(
        ARRAY, description="npz: array of true labels; otherwise: path of a table with column `label` (and `image`)"
    )
    models: str = Field("models", description="npz: array of the models' names")
    predicted: str = Field("predicted", description="npz: array of predicted labels, [models, images] or [..., k]")
    images: Annotated[str, Neutral("images")] = Field(
        "images", description="npz: array of the images' identifiers, if the file has it"
    )

    def _mistakes(self) -> Iterator[str]:
        if self.path.suffix not in FORMATS:
            yield f'path: allowed: a path that ends in {" or ".join(FORMATS)} (given: "{self.path}")'

    @property
    def files(self) -> dict[str, Path]:
        """The files to read, by the key that names each."""
        labels = label_file(self.path, self.labels)
        return {"path": self.path} | ({"labels": Path(labels)} if labels else {})


class ImageFolder(ValueSettings):
    """Images in a folder for each class; folders named by whole numbers are classes of that number."""

    source: Literal["imagefolder"]
    root: Path = Field(description="folder: root/class/image.png")


class ImageShards(ValueSettings):
    """Images in parquet files with columns image and label."""

    source: Literal["parquet"]
    root: Path = Field(description="file or folder of shards")


class UnionSet(Settings):
    """The images of several sets together."""

    source: Literal["union"]
    of: list[Name] = Field(min_length=2, description="names of other sets")


GivenSet = PredictionFile | ImageFolder | ImageShards
RealSet = Annotated[GivenSet, Field(discriminator="source")]
EvaluationSet = Annotated[GivenSet | DiTSet | BigGANSet | UnionSet, Field(discriminator="source")]


class RankingSettings(Settings):
    """What is ranked, and how it is calibrated; without `sets` the study's candidates are the models."""

    classes: Annotated[int, Field(ge=2)] | list[ClassName] | None = Field(
        None, description="number of classes, or their names in the order of their numbers"
    )
    models: ZooSettings | None = Field(None, description="models to evaluate; null: all sets are prediction files")
    sets: dict[Name, EvaluationSet] = Field({}, description="sets to rank the models with, by any name")
    real: RealSet | None = Field(
        None, description="real images, of which one half gives the calibration's risks and the other judges"
    )
    calibration: RealSet | None = Field(None, description="instead of `real`: what gives the calibration's risks")
    test: RealSet | None = Field(None, description="instead of `real`: what judges the ranking")
    calibration_models: int = Field(
        10, ge=2, description="models of known real risk that table `calibration` calibrates with; others are ranked"
    )
    calibration_counts: list[Annotated[int, Field(ge=2)]] = Field(
        [5, 10, 25, 50], min_length=1, description="numbers of calibration models that `calibration_models` compares"
    )
    repeats: int = Field(100, ge=2, description="random splits of the models into calibration models and ranked ones")
    penalty: Penalty = Field(1.0, description="lambda of the paper's ridge regression, in numbers of images")
    penalties: list[Penalty] = Field(
        [0.01, 0.1, 1.0, 10.0, 100.0], min_length=1, description="values of lambda in `calibration_penalties`"
    )
    drop_classes: bool = Field(
        False, description="leave out classes without images in some set; false makes such a class an error"
    )
    gallery_classes: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 1, 2, 3], min_length=1, description="classes whose images the gallery shows by weight, by number from 0"
    )

    @property
    def class_count(self) -> int:
        """How many classes the models tell apart."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)

    @property
    def real_sets(self) -> dict[str, GivenSet]:
        """The real sets that are given, by their key."""
        given = {key: getattr(self, key) for key in ("real", "calibration", "test")}
        return {key: settings for key, settings in given.items() if settings is not None}

    @property
    def about_real_images(self) -> str:
        """Say, for the report, whether the images that give the calibration's risks also judge the ranking."""
        if self.real is not None or not self.sets:
            halves = ("One half of the real images, of each class,", "other half")
            first, second = halves if self.sets else ("The calibration part of the held-out images", "test part")
            errors = "the calibration models' real errors"
            return f"{first} gives {errors}, the {second} judges the ranking: no image does both."
        if self.test is None:
            return "No real images judge the ranking." if self.calibration else "No real images were given."
        if self.test == self.calibration:
            return (
                "The same real images give the calibration models' real errors and judge the ranking: they are not "
                "disjoint, and calibrations look better than they are."
            )
        return (
            "Two sets of real images were given, one for the calibration models' real errors and one to judge the "
            "ranking; that no image is in both is for whoever gave them to know."
        )

    def calibration_settings(self) -> dict:
        """Return what comparisons and tables depend on."""
        keys = {"calibration_models", "calibration_counts", "repeats", "penalty", "penalties", "drop_classes"}
        return self.canonical(include=keys)

    def _mistakes(self) -> Iterator[str]:
        given = self.real_sets
        if not self.sets:
            for key in ("classes", "models", *given):
                if getattr(self, key) is not None:
                    yield f"{key}: it belongs to `sets` of images or predictions; add these, or remove it"
            return
        if self.classes is None:
            yield "classes: missing; give their number, or their names in the order of their numbers"
        if isinstance(self.classes, list):
            yield from _unfit_class_names(self.classes)
        if self.real is not None and len(given) > 1:
            yield "real: give either `real`, or `calibration` and `test`"
        if self.test is not None and self.calibration is None:
            yield "calibration: missing; `test` judges, something else must give the calibration's risks"
        for reserved in sorted(set(self.sets) & {*REAL_SETS, "real"}):
            yield f"sets: {reserved!r} is the name of a real set; choose another"
        parts = [name for name, settings in self.sets.items() if not isinstance(settings, UnionSet)]
        for name, settings in (self.sets | given).items():
            key = name if name in given else f"sets.{name}"
            if isinstance(settings, UnionSet):
                for unknown in sorted(set(settings.of) - set(parts)):
                    yield f"{key}.of: {unknown_name(unknown, parts)}"
            elif isinstance(settings, PredictionFile) == (self.models is not None):
                needed = "images, which `models` are evaluated on" if self.models else "`source: predictions`"
                yield f"{key}: {needed} needed, as `models` is {'given' if self.models else 'not given'}"


def _unfit_class_names(names: list[str]) -> Iterator[str]:
    """Yield what is wrong with the names of classes: fewer than two, empty ones, repeated ones with both positions."""
    if len(names) < 2:
        yield "classes: at least 2 are needed"
    first: dict[str, int] = {}
    for position, name in enumerate(names):
        plain = name.strip()
        if not plain:
            yield f"classes: the name at position {position} (counted from 0) is empty"
        elif plain in first:
            yield (
                f"classes: {plain!r} stands at positions {first[plain]} and {position} (counted from 0); rename one of "
                "the two here and in the files, or give the number of classes and labels as numbers"
            )
        first.setdefault(plain, position)
