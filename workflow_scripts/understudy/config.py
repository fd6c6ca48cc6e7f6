"""A study's configuration: every key, its default and its range. Unknown keys are errors."""

import json
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from understudy.classifiers.candidate_settings import CandidateSettings
from understudy.config_errors import explain_all
from understudy.config_files import read_config
from understudy.data.settings import DataSettings, SplitSettings
from understudy.errors import StudyError, unknown_name
from understudy.generators.settings import GeneratorSettings
from understudy.practice.settings import PracticeSettings
from understudy.ranking.settings import RankingSettings
from understudy.settings import Name, Settings

RESERVED_SETS = ("train", "subtrain", "validation", "calibration", "test")
IMAGE_SIZES = (8, 16, 32, 64)


class StudyGenerator(GeneratorSettings):
    """A generator of the study: how it is trained, and on which splits."""

    splits: list[str] | None = Field(None, description="names of the splits to train on; null is every split")

    def training_settings(self) -> dict:
        """Return what the training depends on, without the choice of splits."""
        return self.canonical(exclude={"splits"})


class FeatureExtractorSettings(Settings):
    """Whose features measure distances between images; every table of such figures says which."""

    kind: Literal["study", "inception"] = Field(
        "study",
        description="study: a small network that each draw trains on the smallest split's training images; inception: "
        "the network of published FID figures",
    )
    weights: Path | None = Field(
        None, description="file of torch-fidelity's Inception weights (pt_inception-2015-12-05); only with inception"
    )

    @model_validator(mode="after")
    def _weights_where_needed(self) -> "FeatureExtractorSettings":
        if self.kind == "study" and self.weights is not None:
            raise ValueError("`weights` belong to kind inception; remove them, or set `kind: inception`")
        if self.kind == "inception" and self.weights is None:
            raise ValueError("kind inception needs `weights`, the file of torch-fidelity's Inception weights")
        if self.weights is not None and not self.weights.is_file():
            raise ValueError(f"weights: no file {str(self.weights)!r}; give torch-fidelity's Inception weights")
        return self


class SyntheticSettings(Settings):
    """The synthetic sets, one per split and generator."""

    images_per_class: int = Field(ge=10, description="generated images per class")
    shard_size: int = Field(1000, ge=1, description="images in one parquet shard")


class SelectionSettings(Settings):
    """How selections are compared."""

    renamed: ClassVar[dict[str, str]] = {"bootstrap_draws": "n_resamples"}

    n_resamples: int = Field(2000, ge=100, description="resamples of each bootstrap")
    subsets: int = Field(500, ge=10, description="random subsets of candidates in protocol_subsets")
    synthetic_set: dict[str, str] = Field(
        default_factory=dict, description="split -> generator whose set the synthetic protocol uses; default: the first"
    )
    followed_architectures: int = Field(2, ge=1, le=6, description="runs whose errors are drawn against the epoch")


SELECTION_PART = ("data", "splits", "generators", "synthetic", "candidates")
"""The sections that a selection study needs, all of them."""


class Study(Settings):
    """A whole study: one or several of its parts.

    The parts are selection (data, splits, generators, synthetic, candidates), ranking and practice.
    """

    study: Name = Field(description="name of the study; its results lie in results/{study}")
    seed: int = Field(ge=0, description="the seed that every other seed is derived from")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    data: DataSettings | None = None
    splits: dict[Name, SplitSettings] = Field({}, description="how the images are split, by any name")
    draws: int = Field(1, ge=1, le=100, description="how often the splits are drawn")
    calibration_fraction: float = Field(
        0.2, ge=0, lt=1, description="share of the held-out images kept for the ranking study's calibration"
    )
    feature_extractor: FeatureExtractorSettings = FeatureExtractorSettings()
    generators: dict[Name, StudyGenerator] = Field({}, description="generators to train, by any name")
    synthetic: SyntheticSettings | None = None
    candidates: CandidateSettings | None = None
    selection: SelectionSettings = SelectionSettings()
    ranking: RankingSettings | None = None
    practice: PracticeSettings | None = None

    @property
    def has_selection(self) -> bool:
        """Whether the study trains generators and candidates and selects among these."""
        return self.candidates is not None

    @model_validator(mode="after")
    def _parts_are_whole(self) -> "Study":
        missing = [key for key in SELECTION_PART if not getattr(self, key)]
        selects = bool(self.generators or self.synthetic or self.candidates)
        if selects and missing:
            raise ValueError(f"{missing[0]}: missing; add it (see config.yaml for an example)")
        if not (selects or self.ranking or self.practice):
            parts = f"`candidates` with {', '.join(SELECTION_PART[:-1])}; `ranking`; `practice`"
            raise ValueError(f"there is nothing to do; add one of: {parts} (see config.yaml for an example)")
        if self.ranking is not None and not self.ranking.sets:
            self._check_candidates_can_be_ranked()
        return self

    def _check_candidates_can_be_ranked(self) -> None:
        if not self.has_selection:
            raise ValueError("ranking: there are no models to rank; give `sets` (see studies/own_predictions.yaml), or "
                             "the study its `candidates` (see config.yaml)")  # fmt: skip
        if self.calibration_fraction == 0 or any(split.train == "all" for split in self.splits.values()):
            raise ValueError(
                "ranking: real images must be held out to rank candidates; leave `train` below the number of images "
                "and `calibration_fraction` above 0, or remove the section"
            )

    @model_validator(mode="after")
    def _practice_has_its_data(self) -> "Study":
        comparison = self.practice and self.practice.comparison
        if not comparison:
            return self
        for key in ("data", "splits"):
            if not getattr(self, key):
                raise ValueError(f"{key}: missing; practice.comparison needs `data` and `splits` (see config.yaml)")
        if comparison.split not in self.splits:
            raise ValueError(f"practice.comparison.split: {unknown_name(comparison.split, self.splits)}")
        size = self.data.known_size
        if comparison.generator.kind != "unet" and size is not None and size != comparison.generator.image_size:
            raise ValueError(
                f"practice.comparison.generator.image_size: {comparison.generator.image_size} pixels, but the study's "
                f"images have {size} (data.size): the learner needs one size; make them equal"
            )
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> "Study":
        for name, generator in self.generators.items():
            if name in RESERVED_SETS:
                raise ValueError(f"generators: {name!r} is the name of a part of the data; choose another")
            unknown = sorted(set(generator.splits or []) - set(self.splits))
            if unknown:
                raise ValueError(f"generators.{name}.splits: {unknown_name(unknown[0], self.splits)}")
        if self.data and self.data.known_size is not None:
            self.check_image_size(self.data.known_size)
        if len({split.train == "all" for split in self.splits.values()}) > 1:
            raise ValueError("splits: `train: all` holds out no test images; use it for every split or for none")
        for split in self.splits:
            if self.has_selection and not self.generators_of(split):
                raise ValueError(f"splits.{split}: none of the `generators` is trained on it; add it to one's `splits`")
        for split, generator in self.selection.synthetic_set.items():
            if split not in self.splits:
                raise ValueError(f"selection.synthetic_set: {unknown_name(split, self.splits)}")
            if generator not in self.generators_of(split):
                told = unknown_name(generator, self.generators_of(split))
                raise ValueError(f"selection.synthetic_set.{split}: {told}")
        return self

    def check_image_size(self, size: int) -> None:
        """Check that every stage can work with images of ``size`` x ``size`` pixels; ValueError says what can't."""
        if self.has_selection and size not in IMAGE_SIZES:
            raise ValueError(f"data.size: {size} pixels; generators need one of {IMAGE_SIZES}: set `data.size`")
        rwnn = self.candidates and self.candidates.rwnn
        if rwnn and 2**rwnn.stages > size:
            raise ValueError(f"candidates.rwnn.stages: {rwnn.stages} stages halve {size} pixels to less than one")

    def generators_of(self, split: str) -> list[str]:
        """Return the names of the generators trained on ``split``, in the order of the configuration."""
        return [name for name, entry in self.generators.items() if entry.splits is None or split in entry.splits]

    def synthetic_set(self, split: str) -> str:
        """Return the generator whose set the synthetic protocol chooses with on ``split``."""
        return self.selection.synthetic_set.get(split, self.generators_of(split)[0])


def load_study(config: dict) -> Study:
    """Check a configuration and return the study.

    Raises
    ------
    StudyError
        One line per mistake: the key's path, what was given, what is allowed.

    """
    try:
        return Study.model_validate(_plain(config))
    except ValidationError as error:
        lines = explain_all(error, Study)
        raise StudyError("\n".join(f"configuration: {line}" for line in lines)) from None


def read_study(configfile: str | Path) -> Study:
    """Read and check the study of a YAML file.

    Raises
    ------
    StudyError
        If the file is not YAML, gives a key twice, or the study has a mistake.

    """
    return load_study(read_config(Path(configfile)))


def _plain(value: Any) -> Any:
    """Return the dicts, lists and scalars of JSON for what YAML or the workflow engine hands over."""
    if isinstance(value, dict):
        names = {key: key if isinstance(key, str) else json.dumps(key, default=str) for key in value}
        return {names[key]: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)


def json_schema() -> str:
    """Return the configuration's JSON schema, as text."""
    return json.dumps(Study.model_json_schema(), indent=2) + "\n"


def results_folder(study: Study) -> Path:
    """Return the folder, relative to the working directory, where a study's results lie."""
    return Path("results") / study.study
