"""What jobs a study has: how runs are batched, and which sets a batch is evaluated on.

The Snakefile, the configuration check and the tests all ask this module, also for where files lie.
"""

from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from understudy.batches import RunBatch, make_batches
from understudy.classifiers.recipes import Recipe
from understudy.config import Study
from understudy.data.source_images import PartsNotClassesError
from understudy.data.sources import Overview, prepared_overview
from understudy.errors import StudyError
from understudy.files import read_json
from understudy.layout import Layout
from understudy.messages import warn
from understudy.practice.plan import PracticePlan
from understudy.ranking.plan import RankingPlan

REGIMES = ("full", "subtrain")


class Plan(Layout):
    """The jobs and files of a study; see the methods. `ranking` and `practice` are those of these parts, or None."""

    def __init__(self, study: Study):
        super().__init__(study)
        self.draws = list(range(study.draws))
        self.splits = list(study.splits)
        comparison, ranking = study.practice and study.practice.comparison, study.ranking
        self.practice = PracticePlan(comparison, self.root, study.draws) if comparison else None
        generators = {split: study.generator_names(split) for split in self.splits}
        self.ranking = RankingPlan(ranking, self.root, study.seed, generators, study.draws) if ranking else None
        self.batches = {batch.name: batch for batch in self._batches()} if study.has_selection else {}

    @property
    def hardware(self) -> str:
        """What the study's networks run on, `cpu` or `gpu`; device `auto` counts as a GPU."""
        return "cpu" if self.study.device == "cpu" else "gpu"

    # ------------------------------------------------------------------ data

    def has_test(self, split: str) -> bool:
        """Whether a split holds images out for testing."""
        return self.study.holds_out(split)

    @property
    def has_test_images(self) -> bool:
        """Whether the study holds images out for testing: every split does, or none."""
        return all(self.has_test(split) for split in self.splits)

    def smallest_split(self) -> str:
        """Return the split whose training images teach the study's feature extractor."""
        sizes = {name: split.train for name, split in self.study.splits.items()}
        return min(sizes, key=lambda name: float("inf") if sizes[name] == "all" else sizes[name])

    @cached_property
    def overview(self) -> Overview | None:
        """The classes, and how many images each has in each part, where that is known before any is read, else None."""
        prepared, classes = self.root / "data" / "images.parquet", self.root / "data" / "classes.json"
        try:
            if not prepared.exists():
                return self.study.data.overview if self.study.data else None
        except PartsNotClassesError as error:
            warn(str(error))  # the job that reads the images ends with it
            return None
        try:
            return prepared_overview(prepared, read_json(classes)["classes"] if classes.exists() else None)
        except StudyError:
            return None  # a broken file is no reason to plan nothing: a job that reads it will name it

    @property
    def image_counts(self) -> np.ndarray | None:
        """Images of each class in all parts, where that is known before any is read, else None."""
        return None if self.overview is None else np.sum(list(self.overview.counts.values()), axis=0)

    # ------------------------------------------------------------------ candidates

    @cached_property
    def architectures(self) -> dict[str, dict]:
        """The resolved settings of all architectures by name, in the order of the configuration."""
        candidates, rwnn = self.study.candidates, self.study.candidates.rwnn
        found = {name: entry.resolved(candidates.recipe) for name, entry in candidates.standard.items()}
        if rwnn:
            # The edges are drawn by rule draw_graphs and join the arguments when a job reads its table.
            arguments = rwnn.canonical(include={"width", "head_width"})
            recipe = Recipe.model_validate(candidates.recipe | rwnn.recipe).canonical()
            found |= {name: {"model": "rwnn", "arguments": arguments, "recipe": recipe} for name in rwnn.names}
        return found

    def graph_settings(self) -> dict:
        """Return what the drawing of the random graphs depends on."""
        rwnn = self.study.candidates.rwnn
        keys = {"nodes", "neighbours", "rewiring", "stages"}
        return {"names": rwnn.names, **rwnn.canonical(include=keys)} if rwnn else {}

    def _batches(self) -> list[RunBatch]:
        candidates, rwnn = self.study.candidates, self.study.candidates.rwnn
        groups = {"standard": {name: entry.group for name, entry in candidates.standard.items()}}
        if rwnn:
            groups["rwnn"] = dict.fromkeys(rwnn.names, rwnn.group)
        return make_batches(groups, candidates.seeds, candidates.seed_block)

    def batch_parameters(self, name: str) -> dict:
        """Return what the training of a batch depends on, as plain data."""
        batch = self.batches[name]
        return {
            "family": batch.family,
            "architectures": {architecture: self.architectures[architecture] for architecture in batch.architectures},
            "seeds": list(batch.seeds),
            "snapshots": self.study.candidates.snapshots,
            "seed_block": self.study.candidates.seed_block,
        }

    # ------------------------------------------------------------------ evaluation

    def selection_sets(self, split: str, regime: str) -> list[str]:
        """Return the sets that may choose among the runs of a regime: the generators' for full, else validation."""
        return self.study.generator_names(split) if regime == "full" else ["validation"]

    def sets(self, split: str, regime: str) -> list[str]:
        """Return all sets that the runs of a regime are evaluated on."""
        return self.selection_sets(split, regime) + (["test"] if self.has_test(split) else [])

    def practice_parts(self, block: str, part: str) -> list[Path]:
        """Return a part's files, one for each draw that a block of the practice study's seeds uses; if there is one."""
        split = self.practice.settings.split
        draws = self.practice.block_draws(block) if part != "test" or self.has_test(split) else []
        return [self.part(draw, split, part) for draw in draws]

    @property
    def selection_tables(self) -> list[str]:
        """The tables that compare selections; protocols can't be compared with each other without test images."""
        compared = ["protocol_differences", "protocol_subsets"] if self.has_test_images else []
        return ["rank_preservation", "selection_gain", "protocol_comparison", *compared]

    def n_resamples(self, table: str) -> int:
        """Return how often a selection table resamples: subsets of candidates, or samples of a bootstrap."""
        selection = self.study.selection
        return selection.subsets if table == "protocol_subsets" else selection.n_resamples

    def ranked_predictions(self, draw: int | str, split: str, set_name: str) -> list[Path]:
        """Return the files of the candidates' predictions on a set of a ranking."""
        if set_name == "calibration":
            return [self.ranking.folder(draw, split) / "calibration_predictions.parquet"]
        return [self.evaluation(draw, split, "full", batch, set_name) / "predictions.parquet" for batch in self.batches]

    def evaluated_sets(self) -> list[tuple[int, str, str]]:
        """Return (draw, split, set) of every set that runs are evaluated on."""
        keys = product(self.draws, self.splits, REGIMES)
        found = ((draw, split, name) for draw, split, regime in keys for name in self.sets(split, regime))
        return list(dict.fromkeys(found))

    def evaluations(self, file: str) -> list[Path]:
        """Return every evaluation's ``counts.parquet`` or ``predictions.parquet``."""
        keys = ((key, name) for key in self.trained_batches() for name in self.sets(*key[1:3]))
        return [self.evaluation(*key, name) / file for key, name in keys]

    def trained_batches(self) -> list[tuple[int, str, str, str]]:
        """Return (draw, split, regime, batch) of every batch of runs that the study trains."""
        return list(product(self.draws, self.splits, REGIMES, self.batches))

    @property
    def all_class_shares(self) -> list[Path]:
        """The tables of what classes count for, of every draw and split."""
        return [self.class_shares(*key) for key in product(self.draws, self.splits)]

    def generator_files(self, file: str) -> list[Path]:
        """Return the file of this name of every generator of the study."""
        keys = product(self.draws, self.splits)
        return [self.generator(*key, name) / file for key in keys for name in self.study.generator_names(key[1])]

    def held_out(self, draw: int | str, split: str) -> list[Path]:
        """Return the files of a split's held-out images, which may measure a generator but choose nothing."""
        parts = ["test", "calibration"] if self.study.calibration_fraction > 0 else ["test"]
        return [self.part(draw, split, part) for part in parts if self.has_test(split)]

    def weighed_images(self, draw: int, split: str) -> dict[str, Path]:
        """Return the folders of the generated images that a calibration weighs, by set."""
        if self.study.ranking.sets:
            shards = {name: self.ranking.generated_shards(name) for name in self.ranking.image_sets}
            return {name: files[0].parent for name, files in shards.items() if files}
        return {name: self.synthetic(draw, split, name) for name in self.study.generator_names(split)}

    def weighed_files(self, draw: int, split: str) -> list[Path]:
        """Return what jobs write of these images: shards, or whole folders."""
        if self.study.ranking.sets:
            return [shard for name in self.ranking.image_sets for shard in self.ranking.generated_shards(name)]
        return list(self.weighed_images(draw, split).values())
