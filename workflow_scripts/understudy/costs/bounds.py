"""Upper bounds for the sizes of generators, from their settings alone: no torch, whose import takes seconds."""

from understudy.classifiers.bounds import NetworkSize
from understudy.generators.methods import METHODS
from understudy.generators.settings import TrainingSettings


def generator_bounds(
    settings: TrainingSettings, channels: int, size: int, classes: int
) -> tuple[NetworkSize, NetworkSize]:
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
        bounds.append(
            NetworkSize(layers, 2 * weights * size**2, 4 * resolutions * (width + channels) * size**2, weights)
        )
    return bounds[0], bounds[1]
