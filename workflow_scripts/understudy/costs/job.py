"""A job whose work is known, and how long such work takes.

A layer of a network costs a moment in each pass over a batch, however small. On a CPU its arithmetic comes on top:
START + passes x PASS + operations / RATE + loads x LOAD. A GPU is given its layers ahead of time, and the slowest of
three things decides: giving them, moving the elements that they read and write, or arithmetic.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from understudy.costs.networks import NetworkSize
from understudy.costs.speeds import ELEMENT, LOAD, PASS, RATE, START

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Job:
    """One job whose work is known.

    Attributes
    ----------
    rule, path : its rule, and the path of its benchmark file below the rule's folder, without the suffix
    kind : jobs of one kind share a measured factor
    passes, operations, loads : layers times passes over a batch, arithmetic operations, snapshots loaded
    elements : numbers that the layers read or write
    launches : the passes that a GPU is given, where it takes many runs' layers at once; None: as many as passes
    disk : bytes of its outputs
    memory : bytes of the host's memory, where that is known
    """

    rule: str
    path: str
    kind: str
    passes: float
    operations: float
    loads: float = 0.0
    elements: float = 0.0
    launches: float | None = None
    disk: float = 0.0
    memory: float = 0.0

    @property
    def wildcards(self) -> dict[str, str]:
        """The wildcards of a training's rule."""
        names = (
            ("draw", "split", "generator") if self.rule == "train_generator" else ("draw", "split", "regime", "batch")
        )
        return dict(zip(names, self.path.removeprefix("draw").split("/"), strict=True))

    def seconds(self, device: str) -> float:
        """Return the estimated time on ``cpu`` or ``gpu``."""
        arithmetic, loading = self.operations / RATE[device], START + self.loads * LOAD
        if device == "cpu":
            return loading + self.passes * PASS[device] + arithmetic
        launches = self.passes if self.launches is None else self.launches
        return loading + max(launches * PASS[device], self.elements * ELEMENT, arithmetic)


def network_work(images: float, batch: float, networks: Iterable[tuple[float, NetworkSize]]) -> dict[str, float]:
    """Return passes, operations and elements where each image passes so many times through each of these networks."""
    passes = operations = elements = 0.0
    for times, size in networks:
        passes += images / batch * times * size.layers
        operations += images * times * size.operations
        elements += images * times * size.elements
    return {"passes": passes, "operations": operations, "elements": elements}
