"""A study's configuration: every key, its default and its range. Unknown keys are errors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationError

from understudy.classifiers.candidate_settings import CandidateSettings
from understudy.config_errors import explain_all
from understudy.config_files import read_config
from understudy.data.settings import DataSettings, SplitSettings, validation_mistakes
from understudy.errors import StudyError, unknown_name
from understudy.generators.configuration import GeneratorSettings
from understudy.practice.comparison_settings import ComparisonSettings
from understudy.practice.settings import PracticeSettings
from understudy.ranking.settings import RankingSettings
from understudy.settings import Name, Neutral, Settings, plain

RESERVED_SETS = ("train", "subtrain", "validation", "calibration", "test")
SHARES_ROUNDED = 0.01  # by so much may rounded shares miss a sum of 1
IMAGE_SIZES = (8, 16, 32, 64)


class StudyGenerator(GeneratorSettings):
    """A generator of the study: how it is trained, and on which splits."""

    splits: list[str] | None = Field(None, description="names of the splits to train on; null is every split")


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

    def _mistakes(self) -> Iterator[str]:
        if self.kind == "study" and self.weights is not None:
            yield "`weights` belong to kind inception; remove them, or set `kind: inception`"
        if self.kind == "inception" and self.weights is None:
            yield "kind inception needs `weights`, the file of torch-fidelity's Inception weights"
        if self.weights is not None and not self.weights.is_file():
            yield f"weights: no file {str(self.weights)!r}; give torch-fidelity's Inception weights"


class SyntheticSettings(Settings):
    """The synthetic sets, one per split and generator."""

    images_per_class: int = Field(ge=10, description="generated images per class")
    shard_size: int = Field(1000, ge=1, description="images in one parquet shard")


class SelectionSettings(Settings):
    """How selections are compared."""

    renamed: ClassVar[dict[str, str]] = {"bootstrap_draws": "n_resamples"}

    metric: Annotated[Literal["error", "balanced_error"], Neutral("error")] = Field(
        "error",
        description="what chooses and judges: error (each class counts for its share) or balanced_error (all alike)",
    )
    class_shares: Annotated[dict[str, Annotated[float, Field(ge=0)]], Neutral({})] = Field(
        {},
        description="share of each class where the model will be used, by its name; default: those of the training "
        "images",
    )
    n_resamples: int = Field(2000, ge=100, description="resamples of each bootstrap")
    subsets: int = Field(500, ge=10, description="random subsets of candidates in protocol_subsets")
    synthetic_set: dict[str, str] = Field(
        default_factory=dict, description="split -> generator whose set the synthetic protocol uses; default: the first"
    )
    followed_architectures: int = Field(2, ge=1, le=6, description="runs whose errors are drawn against the epoch")

    def _mistakes(self) -> Iterator[str]:
        total = sum(self.class_shares.values())
        if self.class_shares and abs(total - 1) > SHARES_ROUNDED:
            percent = "; divide percentages by 100" if abs(total - 100) < 100 * SHARES_ROUNDED else ""
            yield f"class_shares: they sum to {total:.6g}; allowed: shares that sum to 1{percent}"

    def share_settings(self) -> dict:
        """Return what the classes' shares depend on, as `understudy.selection.class_shares.class_shares` takes it."""
        return {"metric": self.metric, "given": self.class_shares}


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

    def _mistakes(self) -> Iterator[str]:
        yield from self._unfit_parts()
        if self.practice and self.practice.comparison:
            yield from self._unfit_practice(self.practice.comparison)
        yield from self._unfit_names()

    def _unfit_parts(self) -> Iterator[str]:
        if self.generators or self.synthetic or self.candidates:
            for key in SELECTION_PART:
                if not getattr(self, key):
                    yield f"{key}: missing; add it (see config.yaml for an example)"
        elif not (self.ranking or self.practice):
            parts = f"`candidates` with {', '.join(SELECTION_PART[:-1])}; `ranking`; `practice`"
            yield f"there is nothing to do; add one of: {parts} (see config.yaml for an example)"
        if self.data:
            yield from validation_mistakes(self.data, self.splits)
        if self.ranking is not None and not self.ranking.sets:
            if not self.has_selection:
                yield ("ranking: there are no models to rank; give `sets` (see studies/own_predictions.yaml), or the "
                       "study its `candidates` (see config.yaml)")  # fmt: skip
            if self.calibration_fraction == 0 or not all(map(self.holds_out, self.splits)):
                yield ("ranking: real images must be held out to rank candidates; leave `train` below the number of "
                       "images and `calibration_fraction` above 0, or remove the section")  # fmt: skip

    def _unfit_practice(self, comparison: ComparisonSettings) -> Iterator[str]:
        for key in ("data", "splits"):
            if not getattr(self, key):
                yield f"{key}: missing; practice.comparison needs `data` and `splits` (see config.yaml)"
        if comparison.split not in self.splits:
            yield f"practice.comparison.split: {unknown_name(comparison.split, self.splits)}"
        size, generator = self.data.known_size, comparison.generator
        if generator.kind != "unet" and size not in (None, generator.image_size):
            yield (f"practice.comparison.generator.image_size: {generator.image_size} pixels, but the study's images "
                   f"have {size} (data.size): the learner needs one size; make them equal")  # fmt: skip

    def _unfit_names(self) -> Iterator[str]:
        for name, generator in self.generators.items():
            if name in RESERVED_SETS:
                yield f"generators: {name!r} is the name of a part of the data; choose another"
            for unknown in sorted(set(generator.splits or []) - set(self.splits)):
                yield f"generators.{name}.splits: {unknown_name(unknown, self.splits)}"
        size, rwnn = self.data and self.data.known_size, self.candidates and self.candidates.rwnn
        if self.has_selection and size not in (None, *IMAGE_SIZES):
            yield f"data.size: {size} pixels; generators need one of {IMAGE_SIZES}: set `data.size`"
        if rwnn and size is not None and 2**rwnn.stages > size:
            yield f"candidates.rwnn.stages: {rwnn.stages} stages halve {size} pixels to less than one"
        if len({self.holds_out(split) for split in self.splits}) > 1:
            yield "splits: `train: all` holds out no test images; use it for every split or for none"
        if len({type(split.train) for split in self.splits.values() if split.train != "all"}) > 1:
            yield "splits: `train` is a number of images in some and a share in others; use one of both for every split"
        for split in self.splits:
            if self.has_selection and not self.generator_names(split):
                yield f"splits.{split}: none of the `generators` is trained on it; add it to one's `splits`"
        for split, generator in self.selection.synthetic_set.items():
            if split not in self.splits:
                yield f"selection.synthetic_set: {unknown_name(split, self.splits)}"
            if generator not in self.generator_names(split):
                yield f"selection.synthetic_set.{split}: {unknown_name(generator, self.generator_names(split))}"

    def holds_out(self, split: str) -> bool:
        """Whether a split leaves images to test with: those that it doesn't train on, or the data's own test part."""
        return self.splits[split].train != "all" or bool(self.data and "test" in self.data.fixed_parts)

    def generator_names(self, split: str) -> list[str]:
        """Return the names of the generators trained on ``split``, in the order of the configuration."""
        return [name for name, entry in self.generators.items() if entry.splits is None or split in entry.splits]

    def synthetic_set(self, split: str) -> str:
        """Return the generator whose set the synthetic protocol chooses with on ``split``."""
        return self.selection.synthetic_set.get(split, self.generator_names(split)[0])


def load_study(config: dict) -> Study:
    """Check a configuration and return the study.

    Raises
    ------
    StudyError
        One line per mistake: the key's path, what was given, what is allowed.

    """
    try:
        return Study.model_validate(plain(config))
    except ValidationError as error:
        raise StudyError("\n".join(f"configuration: {line}" for line in explain_all(error, Study))) from None


def read_study(configfile: str | Path) -> Study:
    """Read and check the study of a YAML file.

    Raises
    ------
    StudyError
        If the file is not YAML, gives a key twice, or the study has a mistake.

    """
    return load_study(read_config(Path(configfile)))


def json_schema() -> str:
    """Return the configuration's JSON schema, as text."""
    return json.dumps(Study.model_json_schema(), indent=2) + "\n"


def results_folder(study: Study) -> Path:
    """Return the folder, relative to the working directory, where a study's results lie."""
    return Path("results") / study.study
