"""What a study will cost, before it is paid: jobs, GPU-hours, core-hours, disk, wall time.

A job's time is estimated from its work, seconds = START + passes x PASS + operations / RATE + loads x LOAD: a layer of
a network costs a moment in each pass over a batch, however small, and its arithmetic the more. Where benchmark files of
earlier runs on the same kind of device exist, each stage's estimate is multiplied by what its finished jobs measured
over what was estimated for them; it then counts as measured. All else is guessed, and marked so.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.data.sources import count_images
from understudy.files import read_json
from understudy.plan import REGIMES, Plan

# Seconds of a layer in one pass over a batch, and operations a second. CPU: one core of an Intel Xeon at 2.1 GHz with
# AVX-512, from the digits study. GPU: public StyleGAN2 logs, 4.6 s per thousand CIFAR-10 images of 106 GFLOP each.
PASS = {"cpu": 8e-5, "gpu": 3e-5}
RATE = {"cpu": 4e10, "gpu": 2e13}
# Of a stack's networks a layer runs at once: each costs a part of a pass.
STACKED = 0.3
LOAD = 5e-3
"""Seconds to load a snapshot's weights."""
START = 2.5
"""Seconds until a job's libraries are loaded."""
# Stages without a model, and those that this table doesn't name.
FIXED = {"train_extractor": {"cpu": 12.0, "gpu": 600.0}, "evaluate_generator": {"cpu": 6.0, "gpu": 120.0}}
OTHER = 2.0
EVALUATION_BATCH = 256
SCORED_IMAGES = (2_000, 50_000)


@dataclass(frozen=True)
class Size:
    """Of a network: parameters, layers, operations of one image's forward pass."""

    parameters: int
    layers: int
    operations: float


@dataclass(frozen=True)
class Job:
    """One job whose work is known.

    Attributes
    ----------
    rule, place : its rule, and the name of its benchmark file below the rule's folder, without the suffix
    kind : jobs of one kind share a measured factor
    passes, operations, loads : layers times passes over a batch, arithmetic operations, snapshots loaded
    disk : bytes of its outputs
    """

    rule: str
    place: str
    kind: str
    passes: float
    operations: float
    loads: float = 0.0
    disk: float = 0.0

    def seconds(self, device: str) -> float:
        """Return the estimated time on ``cpu`` or ``gpu``."""
        return START + self.passes * PASS[device] + self.operations / RATE[device] + self.loads * LOAD


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
        if not self.study.has_selection:
            return
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
        generator, critic = _generator_sizes(settings, *self.shape, 1 if per_class else self.classes)
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
        snapshots = settings.snapshots
        yield Job(
            "train_generator",
            place,
            kind,
            layers * shown / settings.batch * (STACKED if per_class else 1.0),
            shown * (of_generator * generator.operations + of_critic * critic.operations),
            disk=4.0 * generator.parameters * members * snapshots,
        )
        scored = snapshots * min(max(self._train_size(split, "full"), SCORED_IMAGES[0]), SCORED_IMAGES[1])
        sampled = self.study.synthetic.images_per_class * self.classes
        for rule, images in (("select_snapshot", scored), ("sample", sampled)):
            disk = self._image_bytes() * images if rule == "sample" else 4.0 * generator.parameters * members
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
            size = _network_size(entry.model_dump_json(), *self.shape, self.classes)
            epochs = recipe.epochs_for(images)
            passes += 3 * size.layers * seeds * epochs * recipe.steps_per_epoch(images)
            operations += 3 * size.operations * seeds * epochs * images
            kept = seeds * min(self.study.candidates.snapshots, epochs)
            disk += 2.0 * size.parameters * kept
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


@cache
def _network_size(entry: str, channels: int, size: int, classes: int) -> Size:
    import torch  # imported here: it takes two seconds that a study without candidates doesn't need

    from understudy.classifiers.layers import Shape
    from understudy.classifiers.networks import build_network
    from understudy.classifiers.sizes import network_size

    settings = ArchitectureSettings.model_validate_json(entry)
    with torch.device("meta"):
        network = build_network(settings, Shape(channels, size, classes), 0)
        noise = [torch.empty(1, network.noise_size)] if network.noise_size else []
        counted = network_size(network, torch.empty(1, channels, size, size), *noise)
    return Size(counted.parameters, counted.layers, counted.operations)


def _generator_sizes(settings: object, channels: int, size: int, classes: int) -> tuple[Size, Size]:
    """Return the sizes of a generator and of its discriminator or critic."""
    import torch

    from understudy.classifiers.sizes import network_size
    from understudy.generators import stylegan2, wgan_gp

    rows = getattr(settings, "minibatch_std_group", 1)
    with torch.device("meta"):
        labels, images = torch.empty(1, classes), torch.empty(rows, channels, size, size)
        module = stylegan2 if settings.method == "stylegan2" else wgan_gp
        generator = module.Generator(settings, size, channels, classes)
        first = network_size(generator, torch.empty(1, generator.random_numbers), labels)
        critic = (module.Discriminator if settings.method == "stylegan2" else module.Critic)(
            settings, size, channels, classes
        )
        given = (images, torch.empty(rows, classes)) if settings.method == "stylegan2" else (images,)
        second = network_size(critic, *given)
    return (
        Size(first.parameters, first.layers, first.operations),
        Size(second.parameters, second.layers, second.operations / rows),
    )


# ---------------------------------------------------------------------- measured


def read_benchmarks(root: Path, device: str) -> dict[tuple[str, str], float]:
    """Return seconds by (rule, place) from the benchmark files of a study's earlier runs.

    On a CPU the seconds of processor time: other jobs on the machine don't change them. On a GPU those of the clock.
    """
    found = {}
    for path in sorted((root / "benchmarks").rglob("*.tsv")):
        place = path.relative_to(root / "benchmarks").with_suffix("")
        rule, rest = place.parts[0], "/".join(place.parts[1:])
        with path.open() as file:
            rows = [row["cpu_time" if device == "cpu" else "s"] for row in csv.DictReader(file, delimiter="\t")]
        seconds = [float(value) for value in rows if re.fullmatch(r"[\d.]+", value or "")]
        if seconds:
            found[rule, rest] = max(seconds[-1], 0.1)
    return found


@dataclass(frozen=True)
class Measured:
    """What earlier runs say: per kind of job the measured over the estimated time, per rule the mean time."""

    factors: Mapping[tuple[str, str], float]
    means: Mapping[str, float]
    jobs: int


def measure(studies: Sequence[Plan], device: str) -> Measured:
    """Compare what earlier runs of ``studies`` on this kind of device measured with what is estimated for them."""
    spent, estimated = defaultdict(float), defaultdict(float)
    times, count = defaultdict(list), 0
    for plan in studies:
        if device_of(plan) != device:
            continue
        benchmarks = read_benchmarks(plan.root, device)
        count += len(benchmarks)
        for (rule, _), seconds in benchmarks.items():
            times[rule].append(seconds)
        for job in Work(plan).jobs() if benchmarks else ():
            seconds = benchmarks.get((job.rule, job.place))
            if seconds is not None:
                spent[job.rule, job.kind] += seconds
                estimated[job.rule, job.kind] += job.seconds(device)
    factors = {key: spent[key] / estimated[key] for key in spent}
    return Measured(factors, {rule: sum(values) / len(values) for rule, values in times.items()}, count)


def device_of(plan: Plan) -> str:
    """Return what a study's networks run on, ``cpu`` or ``gpu``; ``auto`` counts as a GPU."""
    return "cpu" if plan.study.device == "cpu" else "gpu"


# ---------------------------------------------------------------------- the estimate


def gpu_rules(folder: Path) -> set[str]:
    """Return the rules in the files of ``folder`` that ask for a GPU unless the study's device is the CPU."""
    found = set()
    for path in sorted(folder.glob("*.smk")):
        for rule in re.split(r"^\s*rule (?=\w+:)", path.read_text(), flags=re.MULTILINE)[1:]:
            if re.search(r"^\s+gpu=", rule, flags=re.MULTILINE):
                found.add(rule.split(":")[0])
    return found


@dataclass
class Stage:
    """A rule's line of the estimate; seconds are of all its jobs together."""

    rule: str
    jobs: int
    on_gpu: bool
    seconds: float = 0.0
    longest: float = 0.0
    disk: float = 0.0
    measured: bool = False


def estimate(plan: Plan, counts: Mapping[str, int], gpu_rules: set[str], measured: Measured) -> list[Stage]:
    """Return the stages of a study with their costs.

    Parameters
    ----------
    counts : jobs of each rule, as a dry run gives them
    gpu_rules : rules that ask for a GPU unless the study's device is the CPU
    """
    device = device_of(plan)
    known = defaultdict(list)
    for job in Work(plan).jobs():
        known[job.rule].append(job)
    stages = []
    for rule, count in counts.items():
        stage = Stage(rule, count, device == "gpu" and rule in gpu_rules)
        if rule in known:
            keys = {(job.rule, job.kind) for job in known[rule]}
            stage.measured = keys <= set(measured.factors)
            times = [job.seconds(device) * measured.factors.get((job.rule, job.kind), 1.0) for job in known[rule]]
            stage.seconds, stage.longest = sum(times), max(times)
            stage.disk = sum(job.disk for job in known[rule])
        else:
            stage.measured = rule in measured.means
            stage.longest = measured.means.get(rule, FIXED.get(rule, {}).get(device, OTHER))
            stage.seconds = stage.longest * count
        stages.append(stage)
    return stages


def describe(stages: Sequence[Stage], study: str, gpus: int, cores: int, measured_jobs: int) -> str:
    """Return the estimate as text for people."""
    lines = [f"{'stage':28} {'jobs':>6} {'GPU-hours':>11} {'core-hours':>11}   known"]
    for stage in sorted(stages, key=lambda stage: -stage.seconds):
        hours = stage.seconds / 3600
        gpu = _number(hours) if stage.on_gpu else "-"
        known = "measured" if stage.measured else "guessed"
        lines.append(f"{stage.rule:28} {stage.jobs:6,} {gpu:>11} {_number(hours):>11}   {known}")
    on_gpu, total = (sum(s.seconds for s in stages if s.on_gpu or every) / 3600 for every in (False, True))
    jobs = sum(stage.jobs for stage in stages)
    lines.append(f"{'total':28} {jobs:6,} {_number(on_gpu) if on_gpu else '-':>11} {_number(total):>11}")
    guessed = sum(stage.seconds for stage in stages if not stage.measured) / 36 / max(total, 1e-9)
    lines.append("")
    lines.append(f"{guessed:.0f} % of the time is guessed; the rest from {measured_jobs:,} jobs of earlier runs.")
    slots, unit = (gpus, "GPU") if on_gpu else (cores, "core")
    slowest = max(stages, key=lambda stage: stage.longest)
    wall = max((on_gpu or total) / slots, slowest.longest / 3600)
    lines.append(
        f"Wall time on {slots} {unit}{'s' if slots > 1 else ''}: at least {_number(wall)} hours (the longest job, of "
        f"{slowest.rule}, takes {_number(slowest.longest / 3600)})."
    )
    largest = sorted((stage for stage in stages if stage.disk), key=lambda stage: -stage.disk)
    if largest:
        parts = ", ".join(f"{DISK[stage.rule]} {_bytes(stage.disk)}" for stage in largest if stage.rule in DISK)
        lines.append(f"Disk in results/{study}: {_bytes(sum(stage.disk for stage in largest))} ({parts}).")
    return "\n".join(lines)


DISK = {
    "train_candidates": "snapshots of candidates",
    "train_generator": "snapshots of generators",
    "sample": "synthetic images",
    "evaluate": "predictions",
}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _bytes(value: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
