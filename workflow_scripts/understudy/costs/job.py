"""A job whose work is known, and how long such work takes.

A layer of a network costs a moment in each pass over a batch, however small. On a CPU its arithmetic comes on top:
START + passes x PASS + operations / RATE + loads x LOAD. A GPU is given its layers ahead of time, and the slowest of
three things decides: giving them, moving the elements that they read and write, or arithmetic.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from understudy.costs.networks import NetworkSize

# Seconds of a layer in one pass over a batch, and operations a second. CPU: one core of an Intel Xeon at 2.1 GHz with
# AVX-512, from the digits study. GPU: one NVIDIA H200, PyTorch 2.11. Its steps of training, not compiled, at 32 x 32
# pixels and batch 128 (DenseNet and StyleGAN2: 64), in ms: ResNet-20 6.7 alone, 11.7 for 4 runs stacked, 14.2 for 10;
# ResNet-56 20.6, 41.6 for 10; WRN-28-10 15.4; DenseNet-BC-100-12 40.0, 127 for 10; Shake-Shake-26-2x32d 30.8, 77 for
# 10; conditional StyleGAN2, its penalties included, 45.7. Estimates are 0.75 to 1.4 times these.
PASS = {"cpu": 8e-5, "gpu": 1.4e-4}
RATE = {"cpu": 4e10, "gpu": 3e14}
ELEMENT = 2e-11
"""Seconds a GPU takes to move an element once."""
LOAD = 5e-3
"""Seconds to load a snapshot's weights."""
START = 2.5
"""Seconds until a job's libraries are loaded."""
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
