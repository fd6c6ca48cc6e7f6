"""What the long trainings ask a scheduler for, by their work: host memory and run time."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.bounds import NetworkSize
from understudy.costs.bounds import generator_bounds
from understudy.costs.job import Job
from understudy.costs.networks import COUNTED, Sizes
from understudy.costs.published import published_classifier, published_generators
from understudy.costs.work import Work
from understudy.plan import Plan
from understudy.resources import RESOURCES

# Of the estimated time: a smaller GPU, or a busy one, is slower than the one that the estimates were made on.
MARGIN = 1.5


def classifier_bound(entry: ArchitectureSettings, channels: int, size: int, classes: int) -> NetworkSize:
    """Return a bound for a classifier of this package, on square images of ``size`` pixels a side."""
    return entry.family.bound(entry.full_arguments, channels, size, classes)


# Counting what a network does takes torch, whose import would slow every start down: bounds come first.
BOUNDED = Sizes(
    lambda *network: published_classifier(*network) or classifier_bound(*network),
    lambda *networks: published_generators(*networks) or generator_bounds(*networks),
)
EXACT = Sizes(
    lambda *network: published_classifier(*network) or COUNTED.classifier(*network),
    lambda *networks: published_generators(*networks) or COUNTED.generators(*networks),
)
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
    def _bounded(self) -> Work:
        return Work(self.plan, BOUNDED)

    @cached_property
    def _exact(self) -> Work:
        return Work(self.plan, EXACT)

    @cached_property
    def _image_megabytes(self) -> float:
        """One copy of all the study's images as bytes."""
        work = self._bounded
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
        bound = needed(_training(self._bounded, rule, wildcards))
        return minimum if bound <= minimum else max(minimum, math.ceil(needed(_training(self._exact, rule, wildcards))))

    def _is_unknown(self, wildcards: Mapping[str, str]) -> bool:
        members = self.plan.batches[wildcards["batch"]].architectures if "batch" in wildcards else ()
        return any(":" in self.plan.architectures[name]["model"] for name in members)


def _training(work: Work, rule: str, wildcards: Mapping[str, str]) -> Job:
    training = work.generator_training if rule == "train_generator" else work.batch_training
    return training(**wildcards)
