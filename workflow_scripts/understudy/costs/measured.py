"""What earlier runs measured: the benchmark files that Snakemake wrote of each job, against what is estimated."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.costs.work import Work
from understudy.plan import Plan

# Seconds after which Snakemake looks at a job's processor time each LOOK seconds alone; before, twice a second.
FIRST_LOOKS, LOOK = 15.5, 30.0


def read_benchmarks(root: Path, device: str) -> dict[tuple[str, str], float]:
    """Return seconds by (rule, path) from the benchmark files of a study's earlier runs.

    On a CPU the seconds of processor time: other jobs on the machine don't change them. On a GPU those of the clock.
    """
    found = {}
    for path in sorted((root / "benchmarks").rglob("*.tsv")):
        rule, _, rest = path.relative_to(root / "benchmarks").with_suffix("").as_posix().partition("/")
        with path.open() as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        seconds = [value for row in rows if (value := _seconds(row, device)) is not None]
        if seconds:
            found[rule, rest] = max(seconds[-1], 0.1)
    return found


def _seconds(row: Mapping[str, str], device: str) -> float | None:
    """Return a benchmark's seconds, None if they weren't measured."""
    clock, processor = (row[key] or "" for key in ("s", "cpu_time"))
    if not re.fullmatch(r"[\d.]+", clock if device == "gpu" else processor):
        return None
    if device == "gpu":
        return float(clock)
    # After the last look a job is taken to have been as busy as before.
    ended = float(clock)
    looked = FIRST_LOOKS + (ended - FIRST_LOOKS) // LOOK * LOOK if ended > FIRST_LOOKS else ended
    return float(processor) * ended / looked if looked else float(processor)


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
        if plan.hardware != device:
            continue
        benchmarks = read_benchmarks(plan.root, device)
        count += len(benchmarks)
        for (rule, _), seconds in benchmarks.items():
            times[rule].append(seconds)
        for job in Work(plan).jobs() if benchmarks else ():
            seconds = benchmarks.get((job.rule, job.path))
            if seconds is not None:
                spent[job.rule, job.kind] += seconds
                estimated[job.rule, job.kind] += job.seconds(device)
    factors = {key: spent[key] / estimated[key] for key in spent}
    return Measured(factors, {rule: sum(values) / len(values) for rule, values in times.items()}, count)
