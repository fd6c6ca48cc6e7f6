"""What the long trainings ask a scheduler for, by their work: host memory and run time."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property

from understudy.costs.bounds import classifier_bound, generator_bounds
from understudy.costs.job import Job
from understudy.costs.networks import COUNTED, Sizes
from understudy.costs.published import published_classifier, published_generators
from understudy.costs.work import Work
from understudy.plan import Plan, device_of

# Of the estimated time: a smaller GPU, or a busy one, is slower than the one that the estimates were made on.
MARGIN = 1.5
# Counting what a network does takes torch, whose import would slow every start down: bounds come first.
BOUNDED = Sizes(
    lambda *network: published_classifier(*network) or classifier_bound(*network),
    lambda *networks: published_generators(*networks) or generator_bounds(*networks),
)
EXACT = Sizes(
    lambda *network: published_classifier(*network) or COUNTED.classifier(*network),
    lambda *networks: published_generators(*networks) or COUNTED.generators(*networks),
)
TRAININGS = ("train_generator", "train_candidates")


class Requests:
    """What a study's trainings ask for at their first attempt, each worked out when it is asked for.

    A training is named by its rule, one of TRAININGS, and its place, the rule's wildcards by name. ``least`` is what
    the rule asks for whatever the work; a batch with networks from outside, of unknown size, asks for no more.
    """

    def __init__(self, plan: Plan):
        self.plan = plan

    @cached_property
    def _bounded(self) -> Work:
        return Work(self.plan, BOUNDED)

    @cached_property
    def _exact(self) -> Work:
        return Work(self.plan, EXACT)

    def megabytes(self, rule: str, place: Mapping[str, str], least: int) -> int:
        """Return megabytes of host memory."""
        return self._request(rule, place, least, lambda job: job.memory / 1e6)

    def minutes(self, rule: str, place: Mapping[str, str], least: int) -> int:
        """Return minutes of run time."""
        device = device_of(self.plan)
        return self._request(rule, place, least, lambda job: MARGIN * job.seconds(device) / 60)

    def _request(self, rule: str, place: Mapping[str, str], least: int, needed: Callable[[Job], float]) -> int:
        if self._is_unknown(place):
            return least
        bound = needed(_training(self._bounded, rule, place))
        return least if bound <= least else max(least, math.ceil(needed(_training(self._exact, rule, place))))

    def _is_unknown(self, place: Mapping[str, str]) -> bool:
        standard = self.plan.study.candidates.standard
        members = self.plan.batches[place["batch"]].architectures if "batch" in place else ()
        return any(name in standard and standard[name].is_foreign for name in members)


def _training(work: Work, rule: str, place: Mapping[str, str]) -> Job:
    training = work.generator_training if rule == "train_generator" else work.batch_training
    return training(**place)
