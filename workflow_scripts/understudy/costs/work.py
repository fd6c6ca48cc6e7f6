"""The jobs of a study whose work is known: passes through layers, arithmetic operations, files."""

from collections import defaultdict
from collections.abc import Iterator

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.recipes import snapshot_epochs
from understudy.costs.job import EVALUATION_BATCH, Job
from understudy.costs.models import model_jobs
from understudy.costs.networks import classifier_size, generator_sizes, record_bytes
from understudy.costs.practice import PracticeWork
from understudy.data.sources import count_images
from understudy.files import read_json
from understudy.plan import REGIMES, Plan

# Of a stack's networks a layer runs at once: each costs a part of a pass.
STACKED = 0.3
SCORED_IMAGES = (2_000, 50_000)


class Work:
    """The jobs of a study whose work is known, and what they write."""

    def __init__(self, plan: Plan):
        self.plan, self.study = plan, plan.study
        self.images = self.study.data and self._counted()
        self.shape = (self.study.data.channels or 3, self.study.data.known_size or 32) if self.images else (3, 32)
        if self.study.data and self.study.data.known_size == 8:
            self.shape = (1, 8)
        self.classes = self._classes()

    def _counted(self) -> int:
        counts = count_images(self.study.data)
        largest = max((entry.train for entry in self.study.splits.values() if entry.train != "all"), default=10_000)
        return int(counts.sum()) if counts is not None else int(largest * 1.2)

    def _classes(self) -> int:
        path = self.plan.root / "data" / "classes.json"
        if path.exists():
            return len(read_json(path)["classes"])
        counts = count_images(self.study.data) if self.study.data else None
        return 10 if counts is None else len(counts)

    def jobs(self) -> Iterator[Job]:
        """Yield the jobs of the expensive stages."""
        if self.study.has_selection:
            yield from self._selection()
        if self.plan.practice:
            split = self.plan.practice.settings.split
            sizes = {"subtrain": self._train_size(split, "subtrain")}
            sizes |= {part: self._set_size(split, part) for part in ("validation", "test")}
            yield from PracticeWork(self.plan, self.shape, self.classes, sizes).jobs()
        if self.study.ranking and self.study.ranking.models:
            yield from model_jobs(self.plan)

    def _selection(self) -> Iterator[Job]:
        for draw in self.plan.draws:
            for split in self.plan.splits:
                for name in self.study.generators_of(split):
                    yield from self._generator(draw, split, name)
                for regime in REGIMES:
                    for batch in self.plan.batches:
                        yield from self._batch(draw, split, regime, batch)

    # ------------------------------------------------------------------ generators

    def _generator(self, draw: int, split: str, name: str) -> Iterator[Job]:
        settings = self.study.generators[name].resolve()
        per_class = self.study.generators[name].per_class
        members = self.classes if per_class else 1
        generator, critic = generator_sizes(settings, *self.shape, 1 if per_class else self.classes)
        shown = 1000 * settings.kimg * members
        if settings.method == "stylegan2":
            # A discriminator's step: fakes forward, real and fake images forward and back; a generator's: both networks
            # forward and back; gradient penalties now and then.
            of_generator, of_critic = 4.0, 9.0
        else:
            share = settings.generator_batch_factor / settings.critic_steps
            of_generator, of_critic = 1 + 3 * share, 11 + 3 * share
        layers = of_generator * generator.layers + of_critic * critic.layers
        place = f"draw{draw}/{split}/{name}"
        kind = f"{settings.method}{' per class' if per_class else ''}"
        snapshots, snapshot = settings.snapshots, generator.data * members + generator.head
        yield Job(
            "train_generator",
            place,
            kind,
            layers * shown / settings.batch * (STACKED if per_class else 1.0),
            shown * (of_generator * generator.operations + of_critic * critic.operations),
            disk=snapshots * snapshot,
        )
        scored = snapshots * min(max(self._train_size(split, "full"), SCORED_IMAGES[0]), SCORED_IMAGES[1])
        sampled = self.study.synthetic.images_per_class * self.classes
        for rule, images in (("select_snapshot", scored), ("sample", sampled)):
            disk = self._image_bytes() * images if rule == "sample" else snapshot
            passes = generator.layers * images / EVALUATION_BATCH
            yield Job(rule, place, kind, passes, images * generator.operations, disk=disk)

    def _image_bytes(self) -> float:
        """Bytes of a photograph as PNG, with its label and provenance."""
        channels, size = self.shape
        return 100 + 0.8 * channels * size**2

    # ------------------------------------------------------------------ candidates

    def _train_size(self, split: str, regime: str) -> int:
        entry = self.study.splits[split]
        train = self.images if entry.train == "all" else entry.train
        return train if regime == "full" else train - entry.validation

    def _set_size(self, split: str, name: str) -> float:
        if name in self.study.generators:
            return self.study.synthetic.images_per_class * self.classes
        if name == "validation":
            return self.study.splits[split].validation
        held_out = self.images - self._train_size(split, "full")
        share = self.study.calibration_fraction
        return held_out * (share if name == "calibration" else 1 - share)

    def _batch(self, draw: int, split: str, regime: str, batch: str) -> Iterator[Job]:
        place = f"draw{draw}/{split}/{regime}/{batch}"
        settings = self.plan.architectures(self.plan.batches[batch].family)
        images, seeds = self._train_size(split, regime), len(self.plan.batches[batch].seeds)
        passes = operations = loads = disk = 0.0
        forward = defaultdict(float)
        for name in self.plan.batches[batch].architectures:
            entry = ArchitectureSettings.model_validate(self._with_edges(settings[name]))
            recipe = entry.full_recipe
            size = classifier_size(entry.model_dump_json(), *self.shape, self.classes)
            epochs = recipe.epochs_for(images)
            passes += 3 * size.layers * seeds * epochs * recipe.steps_per_epoch(images)
            operations += 3 * size.operations * seeds * epochs * images
            kept = seeds * len(snapshot_epochs(epochs, self.study.candidates.snapshots))
            disk += kept * (size.data + size.head) + seeds * record_bytes(entry)
            loads += kept
            forward["passes"] += kept * size.layers / EVALUATION_BATCH
            forward["operations"] += kept * size.operations
        family = self.plan.batches[batch].family
        yield Job("train_candidates", place, family, passes, operations, disk=disk)
        for name in self.plan.sets(split, regime):
            count = self._set_size(split, name)
            of_image = (forward["passes"] * count, forward["operations"] * count)
            yield Job("evaluate", f"{place}/{name}", family, *of_image, loads, disk=2.0 * count * seeds)

    def _with_edges(self, settings: dict) -> dict:
        """Give a randomly wired network one graph for all: their sizes hardly differ."""
        if settings["model"] != "rwnn":
            return settings
        from understudy.classifiers.graphs import draw_graphs, graph_arguments

        rwnn = self.study.candidates.rwnn
        drawn = draw_graphs(
            ["any"], 0, stages=rwnn.stages, nodes=rwnn.nodes, neighbours=rwnn.neighbours, probability=rwnn.rewiring
        )
        return settings | {"arguments": settings["arguments"] | graph_arguments(drawn, "any")}
