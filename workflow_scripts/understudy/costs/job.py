"""A job whose work is known, and how long such work takes.

Seconds are estimated as START + passes x PASS + operations / RATE + loads x LOAD: a layer of a network costs a moment
in each pass over a batch, however small, and its arithmetic the more.
"""

from dataclasses import dataclass

# Seconds of a layer in one pass over a batch, and operations a second. CPU: one core of an Intel Xeon at 2.1 GHz with
# AVX-512, from the digits study. GPU: public StyleGAN2 logs, 4.6 s per thousand CIFAR-10 images of 106 GFLOP each.
PASS = {"cpu": 8e-5, "gpu": 3e-5}
RATE = {"cpu": 4e10, "gpu": 2e13}
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
