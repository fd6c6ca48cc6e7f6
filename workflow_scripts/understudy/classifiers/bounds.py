"""How large a network is, and upper bounds for that from settings alone: no torch, whose import takes seconds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NetworkSize:
    """The size of a network, the work of one image's forward pass, and the bytes of a snapshot.

    A safetensors file says of each tensor its name, type, shape and offsets: of a tiny network more than the weights.

    Attributes
    ----------
    layers, parameters : numbers; layers are those with weights
    operations : arithmetic ones; a product and a sum are 2
    elements : numbers that the layers read, and those that they write, in the mean of both
    data, head : bytes of the tensors of a snapshot, and of what its file says of them
    """

    layers: int
    operations: float
    elements: float
    parameters: int
    data: int = 0
    head: int = 0


Bound = Callable[[Any, int, int, int], NetworkSize]
"""From a family's arguments and images (channels, pixels a side, classes) to a size that is no less than the network's.
"""


def convolutional_bound(max_channels: Callable[[Any], float]) -> Bound:
    """Return the bound of a family of a depth, from the most channels that a layer of its networks has.

    Every layer is taken to be a 3 x 3 convolution of all the channels of the widest one, at full resolution.
    """

    def bound(given: Any, channels: int, size: int, classes: int) -> NetworkSize:
        widest, layers = max_channels(given), 2 * given.depth + 4
        weights = layers * 9 * widest**2 + classes * widest
        return NetworkSize(layers, 2 * weights * size**2, layers * widest * size**2, round(weights))

    return bound


def randomly_wired_bound(given: Any, channels: int, size: int, classes: int) -> NetworkSize:
    """Return the bound of a randomly wired network, whose nodes are a depthwise and a pointwise convolution each."""
    weights = elements = 9.0 * given.width * channels
    operations = 0.0
    for stage in range(len(given.graphs)):
        inside, pixels = given.width * 2 ** (stage + 1), (size / 2**stage) ** 2
        of_stage = given.nodes * (inside**2 + 16 * inside)
        weights += of_stage
        operations += 2 * of_stage * pixels
        elements += 2 * given.nodes * inside * pixels
    inside, pixels = given.width * 2 ** len(given.graphs), (size / 2 ** len(given.graphs)) ** 2
    head = given.head_width * (inside + classes + 4)
    stem = 2 * 9 * given.width * channels * size**2
    return NetworkSize(
        layers=2 * given.nodes * len(given.graphs) + 4,
        operations=operations + stem + 2 * head * pixels,
        elements=elements + given.width * size**2 + (given.head_width + inside) * pixels,
        parameters=round(weights + head),
    )
