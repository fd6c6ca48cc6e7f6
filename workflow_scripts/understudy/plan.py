"""What jobs a study has: how runs are batched, and which sets a batch is evaluated on.

The Snakefile, the configuration check and the tests all ask this module, also for where files lie.
"""

from functools import cached_property
from pathlib import Path

import numpy as np

from understudy.batches import RunBatch, make_batches
from understudy.classifiers.architectures import missing_network
from understudy.classifiers.recipes import Recipe
from understudy.config import Study
from understudy.data.shards import read_labels
from understudy.data.sources import count_images
from understudy.data.splits import draw_split
from understudy.errors import StudyError
from understudy.layout import Layout
from understudy.practice.plan import PracticePlan
from understudy.ranking.plan import RankingPlan

REGIMES = ("full", "subtrain")


class Plan(Layout):
    """The jobs and files of a study; see the methods. `ranking` and `practice` are those of these parts, or None."""

    def __init__(self, study: Study):
        super().__init__(study)
        self.draws = list(range(study.draws))
        self.splits = list(study.splits)
        comparison = study.practice and study.practice.comparison
        self.practice = PracticePlan(comparison, self.root, study.draws) if comparison else None
        generators = {split: study.generators_of(split) for split in self.splits}
        self.ranking = (
            RankingPlan(study.ranking, self.root, study.seed, generators, study.draws) if study.ranking else None
        )
        self.batches = {batch.name: batch for batch in self._batches()} if study.has_selection else {}

    @property
    def hardware(self) -> str:
        """What the study's networks run on, `cpu` or `gpu`; device `auto` counts as a GPU."""
        return "cpu" if self.study.device == "cpu" else "gpu"

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
        counts = self.image_counts
        if counts is None:
            return
        labels = np.repeat(np.arange(len(counts)), counts)
        for name, split in self.study.splits.items():
            try:
                draw_split(labels, name, split, self.study.calibration_fraction, self.study.seed, 0)
            except StudyError as error:
                raise StudyError(f"configuration: {error}") from None

    def check_networks(self) -> None:
        """Look for the networks from outside this package, importing none of them.

        Raises
        ------
        StudyError
            If timm has no network of a name, or a module isn't there.
        """
        networks = {}
        if self.study.candidates:
            standard = self.study.candidates.standard
            networks |= {f"candidates.standard.{name}": entry.model for name, entry in standard.items()}
        if self.practice:
            networks["practice.comparison.learner.network"] = self.practice.settings.learner.network.model
        for key, model in networks.items():
            if mistake := missing_network(model):
                raise StudyError(f"configuration: {key}.model: {mistake}")

    @cached_property
    def image_counts(self) -> np.ndarray | None:
        """Images of each class, where that is known before any is read, else None."""
        prepared = self.root / "data" / "images.parquet"
        if not prepared.exists():
            return count_images(self.study.data)
        try:
            return np.bincount(read_labels(prepared))
        except StudyError:
            return None  # a broken file is no reason to plan nothing: a job that reads it will name it

    # ------------------------------------------------------------------ candidates

    @cached_property
    def architectures(self) -> dict[str, dict]:
        """The resolved settings of all architectures by name, in the order of the configuration."""
        candidates, rwnn = self.study.candidates, self.study.candidates.rwnn
        found = {name: entry.resolved(candidates.recipe) for name, entry in candidates.standard.items()}
        if rwnn:
            # The edges are drawn by rule draw_graphs and join the arguments when a job reads its table.
            arguments = {"width": rwnn.width, "head_width": rwnn.head_width}
            recipe = Recipe.model_validate(candidates.recipe | rwnn.recipe).canonical()
            found |= {name: {"model": "rwnn", "arguments": arguments, "recipe": recipe} for name in rwnn.names}
        return found

    def needs_graphs(self, batch: str) -> bool:
        """Whether a batch holds randomly wired networks, whose edges a table gives."""
        return self.batches[batch].family == "rwnn"

    def graph_settings(self) -> dict:
        """Return what the drawing of the random graphs depends on."""
        rwnn = self.study.candidates.rwnn
        if rwnn is None:
            return {}
        return {"names": rwnn.names, **rwnn.canonical(include={"nodes", "neighbours", "rewiring", "stages"})}

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
        return self.study.generators_of(split) if regime == "full" else ["validation"]

    def sets(self, split: str, regime: str) -> list[str]:
        """Return all sets that the runs of a regime are evaluated on."""
        return self.selection_sets(split, regime) + (["test"] if self.has_test(split) else [])

    def practice_parts(self, block: str, part: str) -> list[Path]:
        """Return a part's files, one for each draw that a block of the practice study's seeds uses; if there is one."""
        split = self.practice.settings.split
        draws = self.practice.draws_of(block) if part != "test" or self.has_test(split) else []
        return [self.part(draw, split, part) for draw in draws]

    @property
    def selection_tables(self) -> list[str]:
        """The tables that compare selections; protocols can't be compared with each other without test images."""
        tables = ["rank_preservation", "selection_gain", "protocol_comparison"]
        return [*tables, "protocol_differences", "protocol_subsets"] if self.has_test_images else tables

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

    def held_out(self, draw: int | str, split: str) -> list[Path]:
        """Return the files of a split's held-out images, which may measure a generator but choose nothing."""
        if not self.has_test(split):
            return []
        parts = ["test"] + (["calibration"] if self.study.calibration_fraction > 0 else [])
        return [self.part(draw, split, part) for part in parts]

    def weighed_images(self, draw: int, split: str) -> dict[str, Path]:
        """Return the folders of the generated images that a calibration weighs, by set."""
        if self.study.ranking.sets:
            shards = {name: self.ranking.generated_shards(name) for name in self.ranking.image_sets}
            return {name: files[0].parent for name, files in shards.items() if files}
        return {name: self.synthetic(draw, split, name) for name in self.study.generators_of(split)}

    def weighed_files(self, draw: int, split: str) -> list[Path]:
        """Return what jobs write of these images: shards, or whole folders."""
        if self.study.ranking.sets:
            return [shard for name in self.ranking.image_sets for shard in self.ranking.generated_shards(name)]
        return list(self.weighed_images(draw, split).values())
