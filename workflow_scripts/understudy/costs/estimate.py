"""The estimate of a study's costs, stage by stage, and its text for people."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from understudy.costs.job import Job
from understudy.costs.measured import Measured
from understudy.costs.requests import Requests
from understudy.costs.work import Work
from understudy.plan import Plan
from understudy.resources import RESOURCES
from understudy.slurm_advice import SETTINGS

# Seconds of stages without a model, and of those that this table doesn't name.
FIXED = {"train_extractor": {"cpu": 12.0, "gpu": 600.0}, "evaluate_generator": {"cpu": 6.0, "gpu": 120.0}}
OTHER = 2.0
# What people call the files of a stage.
DISK = {
    "train_candidates": "snapshots of candidates",
    "train_generator": "snapshots of generators",
    "sample": "synthetic images",
    "evaluate": "predictions",
    "generate_images": "generated images",
    "evaluate_models": "predictions of models",
}
OTHER_FILES = "other files"


@dataclass
class Stage:
    """A rule's line of the estimate; seconds are of all its jobs together.

    `late` is, of a job that takes longer than it asks for, its time and the time it asks for, in seconds.
    """

    rule: str
    jobs: int
    on_gpu: bool
    seconds: float = 0.0
    longest: float = 0.0
    disk: float = 0.0
    measured: bool = False
    late: tuple[float, float] | None = None


def estimate(
    plan: Plan, counts: Mapping[str, int], measured: Measured, asked: Mapping[str, int] | None = None
) -> list[Stage]:
    """Return the stages of a study with their costs.

    Parameters
    ----------
    counts : jobs of each rule, as a dry run gives them
    asked : minutes that a profile sets for rules, in place of what these ask for
    """
    device, requests = plan.hardware, Requests(plan)
    known = defaultdict(list)
    for job in Work(plan).jobs():
        known[job.rule].append(job)
    stages = []
    for rule, count in counts.items():
        stage = Stage(rule, count, device == "gpu" and RESOURCES[rule].gpu)
        if rule in known:
            keys = {(job.rule, job.kind) for job in known[rule]}
            stage.measured = keys <= set(measured.factors)
            times = [job.seconds(device) * measured.factors.get((job.rule, job.kind), 1.0) for job in known[rule]]
            stage.seconds, stage.longest = sum(times), max(times)
            stage.disk = sum(job.disk for job in known[rule])
            limits = [_limit(job, requests, asked or {}) for job in known[rule]]
            slowest = max(zip(times, limits, strict=True), key=lambda pair: pair[0] / pair[1])
            stage.late = slowest if slowest[0] > slowest[1] else None
        else:
            stage.measured = rule in measured.means
            stage.longest = measured.means.get(rule, FIXED.get(rule, {}).get(device, OTHER))
            stage.seconds = stage.longest * count
        stages.append(stage)
    return stages


def _limit(job: Job, requests: Requests, asked: Mapping[str, int]) -> float:
    """Return the seconds that a job asks for at its first attempt."""
    if job.rule in asked:
        return 60 * asked[job.rule]
    return 60 * requests.minutes(job.rule, job.wildcards if RESOURCES[job.rule].by_work else {})


def describe(stages: Sequence[Stage], study: str, gpus: int, cores: int, measured_jobs: int) -> str:
    """Return the estimate as text for people."""
    total = sum(stage.seconds for stage in stages) / 3600
    on_gpu = sum(stage.seconds for stage in stages if stage.on_gpu) / 3600
    guessed = sum(stage.seconds for stage in stages if not stage.measured) / 36 / max(total, 1e-9)
    slots, unit = (gpus, "GPU") if on_gpu else (cores, "core")
    slowest = max(stages, key=lambda stage: stage.longest)
    wall = max((on_gpu or total) / slots, slowest.longest / 3600)
    lines = [
        *_table(stages, total, on_gpu),
        "",
        f"{guessed:.0f} % of the time is guessed; the rest from {measured_jobs:,} jobs of earlier runs.",
        f"Wall time on {slots} {unit}{'s' if slots > 1 else ''}: at least {_number(wall)} hours (the longest job, of "
        f"{slowest.rule}, takes {_number(slowest.longest / 3600)}).",
    ]
    for stage in stages:
        if stage.late:
            needed, given = (_number(seconds / 3600) for seconds in stage.late)
            lines.append(
                f"A job of {stage.rule} takes {needed} hours and asks for {given} at its first attempt: on a cluster "
                f"set the rule's `runtime` (minutes) under `set-resources` in {SETTINGS}."
            )
    if on_gpu:
        lines.append("Without a GPU this takes many times as long: set `device: cpu` in the study and plan it again.")
    disk = Counter()
    for stage in stages:
        disk[DISK.get(stage.rule, OTHER_FILES)] += stage.disk
    if disk.total():
        parts = ", ".join(f"{what} {as_bytes(size)}" for what, size in disk.most_common() if size)
        lines.append(f"Disk in results/{study}: {as_bytes(disk.total())} ({parts}).")
    return "\n".join(lines)


def _table(stages: Sequence[Stage], total: float, on_gpu: float) -> list[str]:
    """Return a line for each stage, the longest first, and one for all: ``total`` hours, ``on_gpu`` those of GPUs."""
    lines = [f"{'stage':28} {'jobs':>6} {'GPU-hours':>11} {'core-hours':>11}   known"]
    for stage in sorted(stages, key=lambda stage: -stage.seconds):
        hours = _number(stage.seconds / 3600)
        known = "measured" if stage.measured else "guessed"
        lines.append(f"{stage.rule:28} {stage.jobs:6,} {hours if stage.on_gpu else '-':>11} {hours:>11}   {known}")
    jobs = sum(stage.jobs for stage in stages)
    return [*lines, f"{'total':28} {jobs:6,} {_number(on_gpu) if on_gpu else '-':>11} {_number(total):>11}"]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def as_bytes(value: float) -> str:
    """Write a number of bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"
