"""The registry of classifier families: what each takes, and where its network is.

A new family is a file with its network, and here its arguments and its entry in `FAMILIES`. No torch import: a
configuration is checked, and jobs are planned, without it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from understudy.settings import EvenCount, FrozenSettings


class Arguments(FrozenSettings):
    """Base of the arguments of all families."""


class Depths(NamedTuple):
    """Which depths a network of three equal stages may have: three blocks' layers times n, and some more."""

    per_block: int
    extra: int
    form: str


BLOCK_DEPTHS = {"basic": Depths(6, 2, "the basic form"), "bottleneck": Depths(9, 2, "the bottleneck form")}


class StagedArguments(Arguments):
    """Base of the arguments of networks of three equal stages; a class says by `depths` which it allows."""

    depth: int
    depths: ClassVar[Depths]

    def _mistakes(self) -> Iterator[str]:
        per_block, extra, form = self.depths
        if self.blocks < 1 or (self.depth - extra) % per_block:
            examples = [per_block * n + extra for n in (1, 2, 3)]
            yield f"depth {self.depth}: {form} has {per_block}n+{extra} layers, such as {examples}"

    @property
    def blocks(self) -> int:
        """Blocks of a stage."""
        return (self.depth - self.depths.extra) // self.depths.per_block


class ResNetArguments(StagedArguments):
    """Residual network of three stages (He et al. 2016a, CIFAR form)."""

    depth: int = Field(description="Layers: 6n+2 with basic blocks, 9n+2 with bottlenecks.")
    width: int = Field(16, ge=1, description="Channels of the first stage; doubled in the second and third.")
    block: Literal["basic", "bottleneck"] = "basic"

    @property
    def depths(self) -> Depths:
        """The depths of networks of these blocks."""
        return BLOCK_DEPTHS[self.block]


class PreactResNetArguments(ResNetArguments):
    """Pre-activation residual network (He et al. 2016b)."""

    remove_first_relu: bool = Field(False, description="No ReLU before a block's first convolution.")
    add_last_bn: bool = Field(False, description="Batch normalisation after a block's last convolution.")
    preact_stages: tuple[bool, bool, bool] = Field(
        (True, True, True), description="By stage: the first block's shortcut starts after the pre-activation."
    )


class SEPreactResNetArguments(PreactResNetArguments):
    """Pre-activation residual network with squeeze and excitation (Hu et al. 2018)."""

    remove_first_relu: bool = True
    add_last_bn: bool = True
    preact_stages: tuple[bool, bool, bool] = (True, False, False)
    reduction: int = Field(16, ge=1, description="Channels of a block divided by those of its squeezed layer.")


class WideResNetArguments(StagedArguments):
    """Wide residual network (Zagoruyko & Komodakis 2016)."""

    renamed: ClassVar[dict[str, str]] = {"widen": "widen_factor"}

    depths = Depths(6, 4, "a wide residual network")
    depth: int = Field(description="Layers: 6n+4.")
    widen_factor: int = Field(ge=1, description="Widening factor k.")
    width: int = Field(16, ge=1, description="Channels of the first convolution.")


class DenseNetArguments(StagedArguments):
    """DenseNet-BC (Huang et al. 2017)."""

    renamed: ClassVar[dict[str, str]] = {"growth": "growth_rate"}

    depths = Depths(6, 4, "DenseNet-BC")
    depth: int = Field(description="Layers: 6n+4.")
    growth_rate: int = Field(12, ge=1, description="Growth rate k; the first convolution has 2k channels.")
    compression: float = Field(0.5, gt=0, le=1, description="Fraction of the channels that a transition keeps.")


class PyramidNetArguments(StagedArguments):
    """PyramidNet with additive widening (Han et al. 2017)."""

    depth: int = Field(description="Layers: 6n+2 with basic blocks, 9n+2 with bottlenecks.")
    alpha: float = Field(gt=0, description="Channels gained from the first block to the last.")
    width: int = Field(16, ge=1, description="Channels of the first convolution.")
    block: Literal["basic", "bottleneck"] = "basic"

    @property
    def depths(self) -> Depths:
        """The depths of networks of these blocks."""
        return BLOCK_DEPTHS[self.block]


class ResNeXtArguments(StagedArguments):
    """ResNeXt (Xie et al. 2017), named cardinality x base width."""

    depths = Depths(9, 2, "ResNeXt")
    depth: int = Field(description="Layers: 9n+2.")
    cardinality: int = Field(ge=1, description="Groups of the 3x3 convolutions.")
    base_width: int = Field(64, ge=1, description="Channels of a group in the first stage.")
    width: int = Field(64, ge=1, description="Channels of the first convolution; a stage has 4, 8, 16 times that.")


class ShakeShakeArguments(StagedArguments):
    """Shake-Shake (Gastaldi 2017); the published S-S-I is shake, shake, image."""

    depths = Depths(6, 2, "Shake-Shake")
    depth: int = Field(26, description="Layers: 6n+2.")
    width: EvenCount = Field(description="Channels of a branch in the first stage (the d of 2x32d).")
    stem: int = Field(16, ge=1, description="Channels of the first convolution.")
    forward: Literal["shake", "even"] = Field("shake", description="Branch weights: random, or 1/2.")
    backward: Literal["shake", "even", "keep"] = Field(
        "shake", description="Weights of the gradient: random anew, 1/2, or those of the forward pass."
    )
    level: Literal["image", "batch"] = Field("image", description="One random number per image, or per batch.")


class RWNNArguments(Arguments):
    """Randomly wired network (Xie et al. 2019): one graph per stage, each halving the resolution."""

    renamed: ClassVar[dict[str, str]] = {"head": "head_width"}

    width: int = Field(78, ge=2, description="Channels C of the stem; stages have 2C, 4C, ...")
    nodes: int = Field(32, ge=2, description="Nodes of each graph.")
    graphs: tuple[tuple[tuple[int, int], ...], ...] = Field(
        description="For each stage its edges (source, target), source < target."
    )
    head_width: int = Field(1280, ge=1, description="Channels of the last 1x1 convolution.")

    def _mistakes(self) -> Iterator[str]:
        for stage, edges in enumerate(self.graphs):
            wrong = [edge for edge in edges if not 0 <= edge[0] < edge[1] < self.nodes]
            if wrong:
                yield f"graphs[{stage}]: edge {wrong[0]} needs 0 <= source < target < {self.nodes}"


# From arguments and a shape of images to a torch module.
Build = Callable[..., Any]


@dataclass(frozen=True)
class Family:
    """A family of classifiers.

    Attributes
    ----------
    arguments : what the configuration may say of a network of this family
    load : imports what makes the network from the arguments and the shape of the images
    """

    arguments: type[Arguments]
    load: Callable[[], Build]


def _resnet() -> Build:
    from understudy.classifiers.resnet import resnet

    return resnet


def _preact_resnet() -> Build:
    from understudy.classifiers.resnet_preact import preact_resnet

    return preact_resnet


def _wide_resnet() -> Build:
    from understudy.classifiers.wide_resnet import wide_resnet

    return wide_resnet


def _densenet() -> Build:
    from understudy.classifiers.densenet import densenet

    return densenet


def _pyramidnet() -> Build:
    from understudy.classifiers.pyramidnet import pyramidnet

    return pyramidnet


def _resnext() -> Build:
    from understudy.classifiers.resnext import resnext

    return resnext


def _shake_shake() -> Build:
    from understudy.classifiers.shake_shake import ShakeShake

    return ShakeShake


def _randomly_wired() -> Build:
    from understudy.classifiers.rwnn import randomly_wired_network

    return randomly_wired_network


FAMILIES = {
    "resnet": Family(ResNetArguments, _resnet),
    "resnet_preact": Family(PreactResNetArguments, _preact_resnet),
    "se_resnet_preact": Family(SEPreactResNetArguments, _preact_resnet),
    "wrn": Family(WideResNetArguments, _wide_resnet),
    "densenet": Family(DenseNetArguments, _densenet),
    "pyramidnet": Family(PyramidNetArguments, _pyramidnet),
    "resnext": Family(ResNeXtArguments, _resnext),
    "shake_shake": Family(ShakeShakeArguments, _shake_shake),
    "rwnn": Family(RWNNArguments, _randomly_wired),
}
