"""The jobs of a study whose work is known: passes through layers, arithmetic operations, files."""

from collections import Counter
from collections.abc import Iterator

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.graphs import draw_graphs, graph_arguments
from understudy.classifiers.recipes import snapshot_epochs
from understudy.costs.job import EVALUATION_BATCH, Job, network_work
from understudy.costs.models import model_jobs
from understudy.costs.networks import NetworkSize, network_sizes, record_bytes
from understudy.costs.practice import PracticeWork
from understudy.data.sources import DIGITS
from understudy.data.splits import image_count
from understudy.files import read_json
from understudy.generators.methods import METHODS
from understudy.plan import REGIMES, Plan

# Of a stack's networks a layer runs at once: on a CPU each costs a part of a pass.
STACKED = 0.3
SCORED_IMAGES = (2_000, 50_000)
# Channels and pixels a side, where the study sets none: of torchvision's data sets in grey, and of the others.
SHAPES = {
    DIGITS: (1, 8),
    "torchvision:USPS": (1, 16),
    **{f"torchvision:{name}": (1, 28) for name in ("MNIST", "FashionMNIST", "KMNIST", "QMNIST")},
}
OTHER_SHAPE = (3, 32)
# Host memory in bytes, of trainings on an NVIDIA H200 with PyTorch 2.11, checkpoint included, Snakemake's 0.26 GB not:
# ten StyleGAN2 of a class each 8.1 GB, ten WRN-28-10 5.6, ten WGAN-GP of a class each 2.8, a conditional StyleGAN2 1.9.
STARTED = 2.3e9
CHECKPOINTED = 1.6
"""Times a checkpoint's bytes: a copy of the device's, and the file's."""
ACTIVE_BYTES = 12.0
"""Bytes, on a CPU, of an element that a layer passes on: kept for the way back, normalised, and with a gradient."""


class Work:
    """The jobs of a study whose work is known, and what they write."""

    def __init__(self, plan: Plan):
        self.plan, self.study = plan, plan.study
        self.images = self.study.data and self._counted()
        found = plan.overview if self.study.data else None
        self.parts = {part: int(counts.sum()) for part, counts in found.counts.items()} if found else {}
        self.shape = self._shape()
        self.classes = self._classes()
        self.networks: dict[str, list[tuple[ArchitectureSettings, NetworkSize]]] = {}

    def _shape(self) -> tuple[int, int]:
        data = self.study.data
        if data is None:
            return OTHER_SHAPE
        channels, size = SHAPES.get(data.source, OTHER_SHAPE)
        return data.channels or channels, data.size or size

    def _counted(self) -> int:
        counts = self.plan.image_counts
        numbers = [entry.train for entry in self.study.splits.values() if isinstance(entry.train, int)]
        largest = max(numbers, default=10_000)
        return int(counts.sum()) if counts is not None else int(largest * 1.2)

    def _classes(self) -> int:
        path = self.plan.root / "data" / "classes.json"
        if path.exists():
            return len(read_json(path)["classes"])
        counts = self.plan.image_counts if self.study.data else None
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
                for name in self.study.generator_names(split):
                    yield from self._generator(draw, split, name)
                for regime in REGIMES:
                    for batch in self.plan.batches:
                        yield from self._batch(draw, split, regime, batch)

    # ------------------------------------------------------------------ generators

    def _generator(self, draw: int, split: str, name: str) -> Iterator[Job]:
        training = self.generator_training(draw, split, name)
        yield training
        settings = self.study.generators[name].resolve()
        generator, _ = self._generator_sizes(name)
        snapshot = training.disk / settings.snapshots
        scored = settings.snapshots * min(max(self._train_size(split, "full"), SCORED_IMAGES[0]), SCORED_IMAGES[1])
        sampled = self.study.synthetic.images_per_class * self.classes
        for rule, images in (("select_snapshot", scored), ("sample", sampled)):
            disk = self._image_bytes() * images if rule == "sample" else snapshot
            work = network_work(images, EVALUATION_BATCH, [(1, generator)])
            yield Job(rule, training.path, training.kind, **work, disk=disk)

    def generator_training(self, draw: int | str, split: str, generator: str) -> Job:
        """Return the job that trains a generator."""
        settings, per_class = self.study.generators[generator].resolve(), self.study.generators[generator].per_class
        members = self.classes if per_class else 1
        network, critic = self._generator_sizes(generator)
        shown = 1000 * settings.kimg * members
        of_generator, of_critic = METHODS[settings.method].passes(settings)
        work = network_work(shown, settings.batch, [(of_generator, network), (of_critic, critic)])
        # A checkpoint: the weights, two moments of each, and the generator's average.
        state = 4 * members * (3 * (network.parameters + critic.parameters) + network.parameters)
        active = (network.elements + critic.elements) * settings.batch * members
        return Job(
            "train_generator",
            f"draw{draw}/{split}/{generator}",
            f"{settings.method}{' per class' if per_class else ''}",
            **work | {"passes": work["passes"] * (STACKED if per_class else 1.0)},
            launches=work["passes"] / members,
            disk=settings.snapshots * (network.data * members + network.head),
            memory=self._memory(state, active, self._train_size(split, "full")),
        )

    def _generator_sizes(self, name: str) -> list[NetworkSize]:
        """Return the sizes of a generator and of its discriminator or critic."""
        settings, per_class = self.study.generators[name].resolve(), self.study.generators[name].per_class
        return network_sizes(settings, *self.shape, 1 if per_class else self.classes)

    def _memory(self, state: float, active: float, images: int) -> float:
        """Return the bytes of host memory of a training.

        Parameters
        ----------
        state : bytes of a checkpoint
        active : elements that the layers of a batch pass on; on a GPU they aren't the host's
        images : number of training images, held as they are, decoded and in a copy
        """
        channels, size = self.shape
        in_step = 0.0 if self.plan.hardware == "gpu" else ACTIVE_BYTES * active
        return STARTED + CHECKPOINTED * state + in_step + 3 * images * channels * size**2

    def _image_bytes(self) -> float:
        """Bytes of a photograph as PNG, with its label and provenance."""
        channels, size = self.shape
        return 100 + 0.8 * channels * size**2

    # ------------------------------------------------------------------ candidates

    def _train_size(self, split: str, regime: str) -> int:
        entry = self.study.splits[split]
        train = image_count(entry.train, self.parts.get("train", self.images))
        if regime == "full":
            return train + self.parts.get("validation", 0)
        return train - image_count(entry.validation or 0, train)

    def _set_size(self, split: str, name: str) -> float:
        if name in self.study.generators:
            return self.study.synthetic.images_per_class * self.classes
        if name == "validation":
            entry = self.study.splits[split]
            train = image_count(entry.train, self.parts.get("train", self.images))
            return self.parts.get("validation", 0) or image_count(entry.validation or 0, train)
        held_out = self.parts.get("test", self.images - self._train_size(split, "full"))
        fraction = self.study.calibration_fraction
        return held_out * (fraction if name == "calibration" else 1 - fraction)

    def _batch(self, draw: int, split: str, regime: str, batch: str) -> Iterator[Job]:
        training = self.batch_training(draw, split, regime, batch)
        yield training
        images, seeds = self._train_size(split, regime), len(self.plan.batches[batch].seeds)
        kept, networks = 0, []
        for entry, size in self._networks(batch):
            snapshots = len(snapshot_epochs(entry.full_recipe.epochs_for(images), self.study.candidates.snapshots))
            kept += seeds * snapshots
            networks.append((seeds * snapshots, size))
        for name in self.plan.sets(split, regime):
            count = self._set_size(split, name)
            work = network_work(count, EVALUATION_BATCH, networks)
            path = f"{training.path}/{name}"
            yield Job("evaluate", path, training.kind, **work, loads=kept, disk=2.0 * count * seeds)

    def batch_training(self, draw: int | str, split: str, regime: str, batch: str) -> Job:
        """Return the job that trains a batch of candidates."""
        images, seeds = self._train_size(split, regime), len(self.plan.batches[batch].seeds)
        total: Counter[str] = Counter()
        launches = disk = memory = 0.0
        for entry, size in self._networks(batch):
            recipe = entry.full_recipe
            epochs, taken = recipe.epochs_for(images), recipe.batch_size_for(images)
            work = network_work(epochs * recipe.steps_per_epoch(images) * taken, taken, [(3 * seeds, size)])
            total.update(work)
            # On a GPU all seeds of an architecture step at once; foreign networks never do.
            launches += work["passes"] / (1 if entry.is_foreign else seeds)
            kept = seeds * len(snapshot_epochs(epochs, self.study.candidates.snapshots))
            disk += kept * (size.data + size.head) + seeds * record_bytes(entry)
            # A checkpoint holds weights and momenta.
            state = 8 * self.study.candidates.seed_block * size.parameters
            memory = max(memory, self._memory(state, size.elements * taken, images))
        return Job(
            "train_candidates",
            f"draw{draw}/{split}/{regime}/{batch}",
            self.plan.batches[batch].family,
            **total,
            launches=launches,
            disk=disk,
            memory=memory,
        )

    def _networks(self, batch: str) -> list[tuple[ArchitectureSettings, NetworkSize]]:
        """Return the architectures of a batch with their sizes."""
        if batch not in self.networks:
            names = self.plan.batches[batch].architectures
            entries = [ArchitectureSettings.model_validate(self._with_edges(name)) for name in names]
            shape = (*self.shape, self.classes)
            self.networks[batch] = [(entry, size) for entry in entries for size in network_sizes(entry, *shape)]
        return self.networks[batch]

    def _with_edges(self, name: str) -> dict:
        """Return an architecture's settings; randomly wired networks get one graph for all, as sizes hardly differ."""
        settings = self.plan.architectures[name]
        if settings["model"] != "rwnn":
            return settings
        drawn = draw_graphs(study_seed=0, **self.plan.graph_settings() | {"names": ["any"]})
        return settings | {"arguments": settings["arguments"] | graph_arguments(drawn, "any")}
