"""The 17 architectures of the paper's appendix F: family, arguments, recipe (no torch import)."""

from dataclasses import dataclass
from typing import Any

from understudy.classifiers.recipes import Recipe


@dataclass(frozen=True)
class Published:
    """One of the 17 architectures of the paper's appendix F.

    `inferred` marks the three whose names the paper's text leaves out; they were inferred from its
    double citations and from a public evaluation of the same collection.
    """

    family: str
    arguments: dict[str, Any]
    recipe: Recipe
    inferred: bool = False


_STEPS_160 = Recipe(epochs=160)
_STEPS_300 = Recipe(epochs=300)
_COSINE_200 = Recipe(epochs=200, schedule="cosine", learning_rate=0.1, batch_size=64, weight_decay=5e-4, cutout=16)
_STEPS_200 = Recipe(epochs=200, milestones=(0.3, 0.6, 0.8), gamma=0.2, weight_decay=5e-4)
_RESNEXT_4 = Recipe(epochs=300, learning_rate=0.025, batch_size=32, weight_decay=5e-4)
_RESNEXT_8 = Recipe(epochs=300, learning_rate=0.05, batch_size=64, weight_decay=5e-4)
_SHAKE_32 = Recipe(epochs=1800, schedule="cosine", learning_rate=0.2)
_SHAKE_64 = Recipe(epochs=1800, schedule="cosine", batch_size=64)

PUBLISHED = {
    "densenet_bc_100_12": Published(
        "densenet", {"depth": 100, "growth_rate": 12}, _STEPS_300.updated({"batch_size": 64}), inferred=True
    ),
    "pyramidnet_110_270": Published("pyramidnet", {"depth": 110, "alpha": 270}, _STEPS_300),
    "pyramidnet_110_84": Published("pyramidnet", {"depth": 110, "alpha": 84}, _STEPS_300),
    "se_resnet_preact_110": Published("se_resnet_preact", {"depth": 110}, _STEPS_160),
    "resnet_preact_110": Published("resnet_preact", {"depth": 110}, _STEPS_160),
    "resnet_preact_164": Published("resnet_preact", {"depth": 164, "block": "bottleneck"}, _STEPS_160),
    "resnext_29_4x64d": Published("resnext", {"depth": 29, "cardinality": 4}, _RESNEXT_4),
    "resnext_29_8x64d": Published("resnext", {"depth": 29, "cardinality": 8}, _RESNEXT_8),
    "shake_shake_26_2x32d": Published("shake_shake", {"depth": 26, "width": 32}, _SHAKE_32),
    "shake_shake_26_2x64d": Published("shake_shake", {"depth": 26, "width": 64}, _SHAKE_64),
    "shake_shake_26_2x64d_cutout": Published(
        "shake_shake", {"depth": 26, "width": 64}, _SHAKE_64.updated({"cutout": 16}), inferred=True
    ),
    "wrn_28_10_cutout": Published("wrn", {"depth": 28, "widen_factor": 10}, _COSINE_200, inferred=True),
    "wrn_28_10": Published("wrn", {"depth": 28, "widen_factor": 10}, _STEPS_200),
    "resnet_32": Published("resnet", {"depth": 32}, _STEPS_160),
    "resnet_44": Published("resnet", {"depth": 44}, _STEPS_160),
    "resnet_56": Published("resnet", {"depth": 56}, _STEPS_160),
    "resnet_110": Published("resnet", {"depth": 110}, _STEPS_160),
}
