"""Upper bounds for the sizes of networks, from their settings alone: no torch, whose import takes seconds."""

from collections.abc import Callable, Mapping
from typing import Any

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.arguments import RWNNArguments
from understudy.costs.networks import Size
from understudy.generators.methods import METHODS
from understudy.generators.settings import TrainingSettings

# By module of the family the most channels that a layer of its networks has, from the builder's arguments.
WIDEST: Mapping[str, Callable[[Any], float]] = {
    "resnet": lambda given: 4 * given.width * (4 if given.block == "bottleneck" else 1),
    "wide_resnet": lambda given: 4 * given.width * given.widen,
    "densenet": lambda given: 2 * given.growth + max(given.depth, 4) * given.growth,
    "pyramidnet": lambda given: (given.width + given.alpha) * (4 if given.block == "bottleneck" else 1),
    "resnext": lambda given: max(16 * given.width, 4 * given.cardinality * given.base_width),
    "shake_shake": lambda given: 2 * max(4 * given.width, given.stem),
}
WIDEST = WIDEST | {"resnet_preact": WIDEST["resnet"]}


def classifier_bound(entry: ArchitectureSettings, channels: int, size: int, classes: int) -> Size:
    """Return a bound for a classifier of this package, on square images of ``size`` pixels a side.

    Every layer is taken to be a 3 x 3 convolution of all the channels of the widest one, at full resolution.
    """
    given = entry.builder_arguments
    if isinstance(given, RWNNArguments):
        return _randomly_wired_bound(given, channels, size, classes)
    widest, layers = WIDEST[entry.builder.module](given), 2 * given.depth + 4
    weights = layers * 9 * widest**2 + classes * widest
    return Size(layers, 2 * weights * size**2, layers * widest * size**2, round(weights))


def _randomly_wired_bound(given: RWNNArguments, channels: int, size: int, classes: int) -> Size:
    """Return the same for a randomly wired network, whose nodes are a depthwise and a pointwise convolution each."""
    weights = elements = 9.0 * given.width * channels
    operations = 0.0
    for stage in range(len(given.graphs)):
        inside, pixels = given.width * 2 ** (stage + 1), (size / 2**stage) ** 2
        of_stage = given.nodes * (inside**2 + 16 * inside)
        weights += of_stage
        operations += 2 * of_stage * pixels
        elements += 2 * given.nodes * inside * pixels
    inside, pixels = given.width * 2 ** len(given.graphs), (size / 2 ** len(given.graphs)) ** 2
    head = given.head * (inside + classes + 4)
    layers = 2 * given.nodes * len(given.graphs) + 4
    stem = 2 * 9 * given.width * channels * size**2
    return Size(
        layers,
        operations + stem + 2 * head * pixels,
        elements + given.width * size**2 + (given.head + inside) * pixels,
        round(weights + head),
    )


def generator_bounds(settings: TrainingSettings, channels: int, size: int, classes: int) -> tuple[Size, Size]:
    """Return bounds for a generator and for its discriminator or critic; every layer is as wide as the widest."""
    method = METHODS[settings.method]
    dense = method.dense_layers(settings)
    # Of a resolution: at most two 3 x 3 convolutions, a shortcut, three of the images; a critic has a block more.
    resolutions = (size // 4).bit_length() + 1
    bounds = []
    for width in method.widths(settings):
        layers = 6 * resolutions + dense + 6
        side = max(width, settings.latent) + classes + channels
        weights = 27 * resolutions * (width + channels) ** 2 + (dense + 3 * resolutions + 32) * side**2
        bounds.append(Size(layers, 2 * weights * size**2, 4 * resolutions * (width + channels) * size**2, weights))
    return bounds[0], bounds[1]
