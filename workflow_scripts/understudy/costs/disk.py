"""Whether the disk holds what a study will write."""

import shutil
from collections.abc import Collection
from pathlib import Path

from understudy.costs.estimate import DISK, as_bytes
from understudy.costs.work import Work
from understudy.errors import StudyError
from understudy.plan import Plan


def short_disk(plan: Plan, benchmarks: Collection[str]) -> str | None:
    """Say that the jobs to come will write more than the disk has free; None where it has enough, or nobody knows.

    Parameters
    ----------
    benchmarks
        The benchmark files of the jobs to come, below the study's folder of them, such as ``sample/draw0/S/g.tsv``.
    """
    if not {file.partition("/")[0] for file in benchmarks} & set(DISK):
        return None
    try:
        needed = sum(job.disk for job in Work(plan).jobs() if f"{job.rule}/{job.path}.tsv" in benchmarks)
    except StudyError:
        return None  # a network that can't be made: its job says why
    free = shutil.disk_usage(_existing(plan.root.absolute())).free
    if needed <= free:
        return None
    return (
        f"the disk of {plan.root} has {as_bytes(free)} free, and the jobs to come write about {as_bytes(needed)}: make "
        "room, or make `results` a link to a larger disk (`make plan` says what takes it)"
    )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
