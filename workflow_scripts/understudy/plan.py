"""What jobs a study has: how runs are batched, which sets a batch is evaluated on, where each file lies.

The Snakefile, the configuration check and the tests all ask this module; nothing else spells out a path of a study.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel

from understudy.config import Study, load_study, results_folder
from understudy.data.shards import read_labels
from understudy.data.sources import count_images
from understudy.data.splits import draw_split
from understudy.errors import StudyError
from understudy.generators.pretrained_settings import BigGANSet, GeneratedSet
from understudy.practice.plan import PracticePlan
from understudy.ranking.settings import PredictionFile, UnionSet

REGIMES = ("full", "subtrain")

# Raised when a stage's results would change for the same parameters: Snakemake sees a changed parameter and reruns what
# depends on it, while a change in an imported module alone would pass unseen.
STAGE_VERSIONS = {
    "prepare": 1,
    "split": 1,
    "train_extractor": 1,
    "train_generator": 1,
    "select_snapshot": 1,
    "sample": 1,
    "evaluate_generator": 1,
    "draw_graphs": 1,
    "train_candidates": 2,
    "evaluate": 1,
    "evaluate_calibration": 1,
    "generate_images": 1,
    "evaluate_models": 1,
    "practice_theory": 1,
    "train_diffusion": 1,
    "sample_plain_images": 1,
    "run_practice": 1,
    "evaluate_practice": 1,
}


@dataclass(frozen=True)
class Batch:
    """The runs of one job: some architectures of one family times one fixed block of seeds."""

    name: str
    family: str
    architectures: tuple[str, ...]
    seeds: tuple[int, ...]


class Plan:
    """The jobs and files of a study; see the methods."""

    def __init__(self, study: Study):
        self.study = study
        self.root = results_folder(study)
        self.draws = list(range(study.draws))
        self.splits = list(study.splits)
        comparison = study.practice and study.practice.comparison
        self.practice = PracticePlan(comparison, self.root, study.draws) if comparison else None
        self.batches = {batch.name: batch for batch in self._batches()} if study.has_selection else {}

    # ------------------------------------------------------------------ data

    def has_test(self, split: str) -> bool:
        """Whether a split holds images out for testing."""
        return self.study.splits[split].train != "all"

    @property
    def has_test_images(self) -> bool:
        """Whether the study holds images out for testing: every split does, or none."""
        return all(self.has_test(split) for split in self.splits)

    def smallest_split(self) -> str:
        """Return the split whose training images teach the study's feature extractor."""
        return min(self.splits, key=lambda name: (self._size(name), self.splits.index(name)))

    def _size(self, split: str) -> float:
        train = self.study.splits[split].train
        return float("inf") if train == "all" else train

    def check_sizes(self) -> None:
        """Draw every split of labels alone, where the data's size is quick to know, so that no job starts in vain.

        Raises
        ------
        StudyError
            If a split is larger than the data, or a part of it would lack a class.
        """
        if self.study.data is None:
            return
        counts = self._count_images()
        if counts is None:
            return
        labels = np.repeat(np.arange(len(counts)), counts)
        for name, split in self.study.splits.items():
            try:
                draw_split(labels, name, split, self.study.calibration_fraction, self.study.seed, 0)
            except StudyError as error:
                raise StudyError(f"configuration: {error}") from None

    def _count_images(self) -> np.ndarray | None:
        prepared = self.root / "data" / "images.parquet"
        if not prepared.exists():
            return count_images(self.study.data)
        try:
            return np.bincount(read_labels(prepared))
        except StudyError:
            return None  # a broken file is no reason to plan nothing: a job that reads it will name it

    # ------------------------------------------------------------------ candidates

    def architectures(self, family: str) -> dict[str, dict]:
        """Return the settings of a family's architectures by name, in the order of the configuration."""
        candidates = self.study.candidates
        if family == "standard":
            return {
                name: entry.with_recipe(candidates.recipe).model_dump(mode="json")
                for name, entry in candidates.standard.items()
            }
        rwnn = candidates.rwnn
        # The edges are drawn by rule draw_graphs and join the arguments when a job reads its table.
        shared = {
            "model": "rwnn",
            "arguments": {"width": rwnn.width, "head": rwnn.head},
            "recipe": candidates.recipe | rwnn.recipe,
            "group": rwnn.group,
        }
        return {f"rwnn_{graph:02d}": shared for graph in range(rwnn.graphs)}

    def needs_graphs(self, batch: str) -> bool:
        """Whether a batch holds randomly wired networks, whose edges a table gives."""
        return self.batches[batch].family == "rwnn"

    def graph_settings(self) -> dict:
        """Return what the drawing of the random graphs depends on."""
        rwnn = self.study.candidates.rwnn
        if rwnn is None:
            return {}
        settings = rwnn.model_dump(mode="json", include={"nodes", "neighbours", "rewiring", "stages"})
        return {"names": list(self.architectures("rwnn")), **settings}

    def _batches(self) -> list[Batch]:
        candidates = self.study.candidates
        blocks = [
            tuple(range(first, min(first + candidates.seed_block, candidates.seeds)))
            for first in range(0, candidates.seeds, candidates.seed_block)
        ]
        batches = []
        for family in self.families:
            groups: dict[str, list[str]] = {}
            for name, settings in self.architectures(family).items():
                groups.setdefault(settings["group"] or name, []).append(name)
            batches += [
                Batch(f"{group}-block{number}", family, tuple(names), seeds)
                for group, names in groups.items()
                for number, seeds in enumerate(blocks)
            ]
        names = [batch.name for batch in batches]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise StudyError(f"configuration: candidates: {min(twice)!r} names a group and an architecture")
        return batches

    @property
    def families(self) -> list[str]:
        """The families of candidates that the study has."""
        return ["standard"] + (["rwnn"] if self.study.candidates.rwnn else [])

    def batch_parameters(self, name: str) -> dict:
        """Return what the training of a batch depends on, as plain data."""
        batch = self.batches[name]
        settings = self.architectures(batch.family)
        return {
            "family": batch.family,
            "architectures": {architecture: settings[architecture] for architecture in batch.architectures},
            "seeds": list(batch.seeds),
            "snapshots": self.study.candidates.snapshots,
            "seed_block": self.study.candidates.seed_block,
        }

    # ------------------------------------------------------------------ evaluation

    def choosing_sets(self, split: str, regime: str) -> list[str]:
        """Return the sets that may choose among the runs of a regime: the generators' for full, else validation."""
        return self.study.generators_of(split) if regime == "full" else ["validation"]

    def sets(self, split: str, regime: str) -> list[str]:
        """Return all sets that the runs of a regime are evaluated on."""
        return self.choosing_sets(split, regime) + (["test"] if self.has_test(split) else [])

    def training_file(self, draw: int | str, split: str, regime: str) -> Path:
        """Return the file of images that a regime trains on."""
        return self.part(draw, split, "train" if regime == "full" else "subtrain")

    # ------------------------------------------------------------------ files

    def part(self, draw: int | str, split: str, part: str) -> Path:
        """Return the file of a split's part."""
        return self.root / "splits" / f"draw{draw}" / split / f"{part}.parquet"

    def extractor(self, draw: int | str) -> Path:
        """Return the file of the feature extractor that the study trains on a draw."""
        return self.root / "extractor" / f"draw{draw}" / "extractor.safetensors"

    def feature_weights(self, draw: int | str) -> Path:
        """Return the weights whose features a draw's images are measured by: the study's own, or Inception's."""
        return self.study.feature_extractor.weights or self.extractor(draw)

    def practice_parts(self, block: str, part: str) -> list[Path]:
        """Return a part's files, one for each draw that a block of the practice study's seeds uses."""
        return [self.part(draw, self.practice.settings.split, part) for draw in self.practice.draws_of(block)]

    def generator(self, draw: int | str, split: str, generator: str) -> Path:
        """Return the folder of a generator."""
        return self.root / "generators" / f"draw{draw}" / split / generator

    def synthetic(self, draw: int | str, split: str, generator: str) -> Path:
        """Return the folder of a synthetic set."""
        return self.root / "synthetic" / f"draw{draw}" / split / generator

    def candidates(self, draw: int | str, split: str, regime: str, batch: str) -> Path:
        """Return the folder of a batch of runs."""
        return self.root / "candidates" / f"draw{draw}" / split / regime / batch

    def evaluation(self, draw: int | str, split: str, regime: str, batch: str, set_name: str) -> Path:
        """Return the folder of a batch's evaluation on one set."""
        return self.root / "evaluations" / f"draw{draw}" / split / regime / batch / set_name

    @property
    def selection_tables(self) -> list[str]:
        """The tables that compare selections; protocols can't be compared with each other without test images."""
        tables = ["rank_preservation", "selection_gain", "protocol_comparison"]
        return [*tables, "protocol_differences", "protocol_subsets"] if self.has_test_images else tables

    def resamples(self, table: str) -> int:
        """Return how often a selection table resamples: subsets of candidates, or draws of a bootstrap."""
        selection = self.study.selection
        return selection.subsets if table == "protocol_subsets" else selection.bootstrap_draws

    @property
    def rankings(self) -> list[tuple[int, str]]:
        """Draw and split of each ranking of models; given sets, which no split concerns, have one."""
        if self.study.ranking is None:
            return []
        if self.study.ranking.sets:
            return [(0, "")]
        return [(draw, split) for draw in self.draws for split in self.splits]

    @property
    def ranking_judges(self) -> bool:
        """Whether real images judge the ranking of models."""
        return not self.study.ranking.sets or self.study.ranking.judges

    @property
    def ranking_outputs(self) -> list[str]:
        """The tables that a ranking writes."""
        calibrates = self.ranking_judges or self.study.ranking.calibration is not None
        return [
            *(["calibration_comparisons"] if self.ranking_judges else []),
            "model_ranking",
            *(["image_weights"] if calibrates else []),
        ]

    @property
    def ranking_tables(self) -> list[str]:
        """The tables of the ranking study."""
        judged = ["calibration", "calibration_models", "calibration_penalties"] if self.ranking_judges else []
        return [*judged, "model_ranking", *(["model_evaluations"] if self.study.ranking.models else [])]

    def ranked_sets(self) -> tuple[dict[str, dict], dict[str, dict]]:
        """Return where the predictions on the given sets, and on the real ones, lie; see `ranking.sets.SetFiles`."""
        ranking = self.study.ranking
        return tuple(
            {name: self._set_files(name, settings) for name, settings in sets.items()}
            for sets in (ranking.sets, ranking.real_sets)
        )

    def _set_files(self, name: str, settings: BaseModel) -> dict:
        if isinstance(settings, UnionSet):
            return {"of": settings.of}
        if not isinstance(settings, PredictionFile):
            folders = [self.model_evaluation(name, batch) for batch in self.model_batches]
            files = [(folder / "predictions.parquet").as_posix() for folder in folders]
            return {"files": files, "labels": (folders[0] / "labels.parquet").as_posix()}
        arrays = settings.model_dump(include={"labels", "models", "predicted"})
        return {"files": [settings.path.as_posix()], **arrays}

    @cached_property
    def model_batches(self) -> dict[str, list[str]]:
        """The models that each job evaluates, by the batch's name."""
        zoo = self.study.ranking.models
        if zoo is None:
            return {}
        if zoo.filter is None:
            names = [*zoo.names, *zoo.checkpoints]
        else:
            # Imported here: timm's list takes seconds that no other study needs.
            from understudy.zoo.models import model_names

            names = model_names(zoo, self.study.ranking.class_count, self.study.seed)
        size = zoo.models_per_job
        return {f"block{start // size:03d}": names[start : start + size] for start in range(0, len(names), size)}

    def zoo_settings(self) -> dict:
        """Return what the evaluation of a model depends on, without the choice of models and how they share jobs."""
        kept = {"checkpoints", "pretrained", "batch_size", "workers"}
        return {"filter": "*", **self.study.ranking.models.model_dump(mode="json", include=kept)}

    @property
    def image_sets(self) -> dict[str, BaseModel]:
        """The sets of images that models are evaluated on, with their settings."""
        ranking = self.study.ranking
        if ranking.models is None:
            return {}
        sets = {**ranking.sets, **ranking.real_sets}
        return {name: settings for name, settings in sets.items() if not isinstance(settings, UnionSet)}

    def model_evaluation(self, set_name: str, batch: str) -> Path:
        """Return the folder of a batch of models evaluated on a set of images."""
        return self.root / "ranking" / "evaluations" / set_name / batch

    def generated_shards(self, set_name: str) -> list[Path]:
        """Return the shards of images that a pretrained generator makes for a set; none for a given set."""
        settings = self.image_sets[set_name]
        if not isinstance(settings, GeneratedSet):
            return []
        total = settings.images_per_class * self.study.ranking.class_count
        folder = self.root / "ranking" / "images" / set_name
        return [folder / f"shard-{shard:05d}.parquet" for shard in range(-(-total // settings.shard_size))]

    def given_root(self, set_name: str) -> Path | None:
        """Return where the images of a given set lie; None for a generated one."""
        return getattr(self.image_sets[set_name], "root", None)

    def missing_files(self) -> list[str]:
        """Say which images, weights and prediction files that a ranking needs are not there."""
        if self.study.ranking is None:
            return []
        zoo = self.study.ranking.models
        places = {f"the images of set {name}": self.given_root(name) for name in self.image_sets}
        places |= {f"checkpoint {name}": entry.path for name, entry in (zoo.checkpoints if zoo else {}).items()}
        biggan = {name: entry for name, entry in self.image_sets.items() if isinstance(entry, BigGANSet)}
        places |= {f"the BigGAN of set {name}": entry.model for name, entry in biggan.items()}
        return [
            f"ranking: {what} are expected at {path}, which does not exist"
            for what, path in places.items()
            if path is not None and not path.exists()
        ]

    def ranked_files(self) -> list[str]:
        """Return the files that hold the predictions on given sets, and their true labels."""
        places = [place for sets in self.ranked_sets() for place in sets.values() if "of" not in place]
        files = [
            path
            for place in places
            for path in [*place["files"], *([] if place["files"][0].endswith(".npz") else [place["labels"]])]
        ]
        return list(dict.fromkeys(files))

    def ranking_files(self, file: str) -> list[Path]:
        """Return the file of this name of every ranking."""
        return [self.ranking(draw, split) / file for draw, split in self.rankings]

    def ranking_sets(self, split: str) -> list[str]:
        """Return the sets that a split's models are ranked with and by: synthetic ones, calibration, test."""
        return [*self.study.generators_of(split), "calibration", "test"]

    def ranked_predictions(self, draw: int | str, split: str, set_name: str) -> list[Path]:
        """Return the files of the candidates' predictions on a set of a ranking."""
        if set_name == "calibration":
            return [self.ranking(draw, split) / "calibration_predictions.parquet"]
        return [self.evaluation(draw, split, "full", batch, set_name) / "predictions.parquet" for batch in self.batches]

    def evaluated_sets(self) -> list[tuple[int, str, str]]:
        """Return (draw, split, set) of every set that runs are evaluated on."""
        return [
            (draw, split, name)
            for draw in self.draws
            for split in self.splits
            for name in dict.fromkeys(name for regime in REGIMES for name in self.sets(split, regime))
        ]

    def evaluations(self, file: str) -> list[Path]:
        """Return every evaluation's ``counts.parquet`` or ``predictions.parquet``."""
        return [
            self.evaluation(draw, split, regime, batch, name) / file
            for draw, split, regime, batch in self.trained_batches()
            for name in self.sets(split, regime)
        ]

    def trained_batches(self) -> list[tuple[int, str, str, str]]:
        """Return (draw, split, regime, batch) of every batch of runs that the study trains."""
        return [
            (draw, split, regime, batch)
            for draw in self.draws
            for split in self.splits
            for regime in REGIMES
            for batch in self.batches
        ]

    def generator_files(self, file: str) -> list[Path]:
        """Return the file of this name of every generator of the study."""
        return [
            self.generator(draw, split, generator) / file
            for draw in self.draws
            for split in self.splits
            for generator in self.study.generators_of(split)
        ]

    def set_images(self, draw: int | str, split: str, set_name: str) -> Path:
        """Return the images of an evaluation set: a part's file, or a generator's folder of shards."""
        if set_name in self.study.generators:
            return self.synthetic(draw, split, set_name)
        return self.part(draw, split, set_name)

    def held_out(self, draw: int | str, split: str) -> list[Path]:
        """Return the files of a split's held-out images, which may measure a generator but choose nothing."""
        if not self.has_test(split):
            return []
        parts = ["test"] + (["calibration"] if self.study.calibration_fraction > 0 else [])
        return [self.part(draw, split, part) for part in parts]

    def ranking(self, draw: int | str, split: str) -> Path:
        """Return the folder of a ranking of models."""
        folder = self.root / "ranking"
        return folder / f"draw{draw}" / split if split else folder / "models"

    def weighed_images(self, draw: int, split: str) -> dict[str, Path]:
        """Return the folders of the generated images that a calibration weighs, by set."""
        if self.study.ranking.sets:
            shards = {name: self.generated_shards(name) for name in self.image_sets}
            return {name: files[0].parent for name, files in shards.items() if files}
        return {name: self.synthetic(draw, split, name) for name in self.study.generators_of(split)}

    def weighed_files(self, draw: int, split: str) -> list[Path]:
        """Return what jobs write of these images: shards, or whole folders."""
        if self.study.ranking.sets:
            return [shard for name in self.image_sets for shard in self.generated_shards(name)]
        return list(self.weighed_images(draw, split).values())

    @property
    def ranking_classes(self) -> Path:
        """The file with the names of the classes that the ranked models tell apart."""
        return self.root / "data" / "classes.json"

    def table(self, name: str, suffix: str = "parquet") -> Path:
        """Return the file of a table."""
        return self.root / "tables" / f"{name}.{suffix}"


def study_of(configfile: str | Path) -> Study:
    """Read and check the study of a YAML file.

    Raises
    ------
    StudyError
        If the file is not YAML or the study has a mistake.
    """
    try:
        content = yaml.safe_load(Path(configfile).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise StudyError(f"{configfile} is not a readable YAML file: {error}") from error
    return load_study(content or {})
