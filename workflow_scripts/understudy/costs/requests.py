"""What the long trainings ask a scheduler for, by their work: host memory and run time."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property

from understudy.costs.job import Job
from understudy.costs.work import Work
from understudy.plan import Plan
from understudy.resources import RESOURCES

# Of the estimated time: a smaller GPU, or a busy one, is slower than the one that the estimates were made on.
MARGIN = 1.5
COPIED_MEGABYTES = 600
"""What a job that reads many images holds besides these: the interpreter, its libraries, and Snakemake."""


class Requests:
    """What a study's jobs ask a scheduler for at their first attempt: `RESOURCES`, or more where the work needs it.

    A job is named by its rule and its wildcards. Each amount is computed when it is asked for. A batch with networks
    from outside, of unknown size, asks for what the table says.
    """

    def __init__(self, plan: Plan):
        self.plan = plan

    @cached_property
    def _work(self) -> Work:
        return Work(self.plan)

    @cached_property
    def _image_megabytes(self) -> float:
        """One copy of all the study's images as bytes."""
        work = self._work
        channels, size = work.shape
        return (work.images or 0) * channels * size**2 / 1e6

    def megabytes(self, rule: str, wildcards: Mapping[str, str]) -> int:
        """Return megabytes of host memory."""
        request = RESOURCES[rule]
        minimum = request.megabytes
        if request.image_copies and self.plan.study.data:
            minimum = max(minimum, COPIED_MEGABYTES + math.ceil(request.image_copies * self._image_megabytes))
        return self._by_work(rule, wildcards, minimum, lambda job: job.memory / 1e6)

    def minutes(self, rule: str, wildcards: Mapping[str, str]) -> int:
        """Return minutes of run time."""
        device = self.plan.hardware
        minimum = RESOURCES[rule].minutes
        return self._by_work(rule, wildcards, minimum, lambda job: MARGIN * job.seconds(device) / 60)

    def _by_work(self, rule: str, wildcards: Mapping[str, str], minimum: int, needed: Callable[[Job], float]) -> int:
        if not RESOURCES[rule].by_work or self._is_unknown(wildcards):
            return minimum
        training = self._work.generator_training if rule == "train_generator" else self._work.batch_training
        return max(minimum, math.ceil(needed(training(**wildcards))))

    def _is_unknown(self, wildcards: Mapping[str, str]) -> bool:
        members = self.plan.batches[wildcards["batch"]].architectures if "batch" in wildcards else ()
        return any(":" in self.plan.architectures[name]["model"] for name in members)
