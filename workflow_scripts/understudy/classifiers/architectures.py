"""Which architectures there are: builders, the paper's 17 named entries, and a study's own settings.

No torch import: a configuration is checked, and jobs are planned, without it.
"""

import importlib.util
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from understudy.classifiers import arguments as takes
from understudy.classifiers.recipes import Recipe
from understudy.errors import nearest, unknown_name
from understudy.settings import FrozenSettings, Name


@dataclass(frozen=True)
class Builder:
    """Where a family's network class lives, and the arguments it takes."""

    module: str
    network: str
    arguments: type[takes.Arguments]


BUILDERS = {
    "resnet": Builder("resnet", "ResNet", takes.ResNetArguments),
    "resnet_preact": Builder("resnet_preact", "PreactResNet", takes.PreactResNetArguments),
    "se_resnet_preact": Builder("resnet_preact", "PreactResNet", takes.SEPreactResNetArguments),
    "wrn": Builder("wide_resnet", "WideResNet", takes.WideResNetArguments),
    "densenet": Builder("densenet", "DenseNet", takes.DenseNetArguments),
    "pyramidnet": Builder("pyramidnet", "PyramidNet", takes.PyramidNetArguments),
    "resnext": Builder("resnext", "ResNeXt", takes.ResNeXtArguments),
    "shake_shake": Builder("shake_shake", "ShakeShake", takes.ShakeShakeArguments),
    "rwnn": Builder("rwnn", "RandomlyWiredNetwork", takes.RWNNArguments),
}


@dataclass(frozen=True)
class Published:
    """One of the 17 architectures of the paper's appendix F.

    `inferred` marks the three whose names the paper's text leaves out; they were inferred from its
    double citations and from a public evaluation of the same collection.
    """

    model: str
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
_PREACT_BASIC = {"preact_stages": (True, True, True)}

PUBLISHED = {
    "densenet_bc_100_12": Published(
        "densenet", {"depth": 100, "growth": 12}, _STEPS_300.updated({"batch_size": 64}), inferred=True
    ),
    "pyramidnet_110_270": Published("pyramidnet", {"depth": 110, "alpha": 270}, _STEPS_300),
    "pyramidnet_110_84": Published("pyramidnet", {"depth": 110, "alpha": 84}, _STEPS_300),
    "se_resnet_preact_110": Published("se_resnet_preact", {"depth": 110}, _STEPS_160),
    "resnet_preact_110": Published("resnet_preact", {"depth": 110, **_PREACT_BASIC}, _STEPS_160),
    "resnet_preact_164": Published("resnet_preact", {"depth": 164, "block": "bottleneck"}, _STEPS_160),
    "resnext_29_4x64d": Published("resnext", {"depth": 29, "cardinality": 4}, _RESNEXT_4),
    "resnext_29_8x64d": Published("resnext", {"depth": 29, "cardinality": 8}, _RESNEXT_8),
    "shake_shake_26_2x32d": Published("shake_shake", {"depth": 26, "width": 32}, _SHAKE_32),
    "shake_shake_26_2x64d": Published("shake_shake", {"depth": 26, "width": 64}, _SHAKE_64),
    "shake_shake_26_2x64d_cutout": Published(
        "shake_shake", {"depth": 26, "width": 64}, _SHAKE_64.updated({"cutout": 16}), inferred=True
    ),
    "wrn_28_10_cutout": Published("wrn", {"depth": 28, "widen": 10}, _COSINE_200, inferred=True),
    "wrn_28_10": Published("wrn", {"depth": 28, "widen": 10}, _STEPS_200),
    "resnet_32": Published("resnet", {"depth": 32}, _STEPS_160),
    "resnet_44": Published("resnet", {"depth": 44}, _STEPS_160),
    "resnet_56": Published("resnet", {"depth": 56}, _STEPS_160),
    "resnet_110": Published("resnet", {"depth": 110}, _STEPS_160),
}


def missing_network(model: str) -> str | None:
    """Say why a network from outside this package can't be made; None if it seems to be there. Nothing is imported."""
    source, _, name = model.partition(":")
    if not name:
        return None
    if source != "timm":
        # A module within a package is found by importing the package, which may do anything: jobs find it, or not.
        missing = importlib.util.find_spec(source.split(".")[0]) is None
        return f"{model!r}: no module {source!r} is to be found; add its folder to PYTHONPATH" if missing else None
    # timm imports torch, which takes seconds. A name may have a tag (resnet18.a1_in1k) or be a place (hf-hub:...).
    known, wanted = _timm_names(), name.split(".")[0]
    if not known or wanted in known or re.search(r"[:/]", name):
        return None
    near = nearest(wanted, known)
    return f"{model!r}: timm has no network of this name{f'; did you mean timm:{near}?' if near else ''}"


@cache
def _timm_names() -> frozenset[str]:
    """Return what timm's modules define, and what they know by an older name: all of its networks, and more."""
    spec = importlib.util.find_spec("timm")
    places = [Path(place) / "models" for place in (spec and spec.submodule_search_locations) or ()]
    text = "\n".join(path.read_text() for place in places for path in sorted(place.glob("*.py")))
    found = re.findall(r"^def (\w+)\(|['\"](\w+)['\"] ?: ['\"]", text, flags=re.MULTILINE)
    return frozenset(name for pair in found for name in pair if name)


class ArchitectureSettings(FrozenSettings):
    """A candidate architecture as a study's configuration states it.

    `model` is a builder (`resnet`), one of the 17 published names (`resnet_32`), `timm:NAME`, or `module:function`
    of the user's own, called as function(channels=, size=, classes=, **arguments) and returning a torch module
    from float images [N, C, H, W] to logits [N, classes].
    """

    model: str = Field(description="A builder, a published name, timm:NAME or module:function.")
    arguments: dict[str, Any] = Field({}, description="Arguments of the builder.")
    recipe: dict[str, Any] = Field({}, description="Fields of the published recipe to replace.")
    group: Name | None = Field(None, description="Architectures of one group share a job.")

    @model_validator(mode="after")
    def _check(self) -> "ArchitectureSettings":
        if self.model != self.model.strip():
            raise ValueError(f"model: remove the blanks before or after {self.model!r}")
        allowed = [*sorted(BUILDERS), *sorted(PUBLISHED), "timm:NAME", "module:function"]
        if not self.is_foreign and self.model not in allowed:
            raise ValueError(f"model: {unknown_name(self.model, allowed)}")
        _ = self.full_recipe
        if not self.is_foreign:
            _ = self.builder_arguments
        return self

    @property
    def is_foreign(self) -> bool:
        """Whether the network is built outside this package (timm, or the user's own)."""
        return ":" in self.model

    @property
    def builder(self) -> Builder:
        """The family's builder; KeyError for a foreign model."""
        published = PUBLISHED.get(self.model)
        return BUILDERS[published.model if published else self.model]

    @cached_property
    def builder_arguments(self) -> takes.Arguments:
        """The builder's arguments, defaults and published values filled in."""
        published = PUBLISHED.get(self.model)
        given = (published.arguments if published else {}) | self.arguments
        return self.builder.arguments.validate_part(given, "arguments")

    @cached_property
    def full_recipe(self) -> Recipe:
        """The published recipe (or the common one) with this entry's own fields in it."""
        published = PUBLISHED.get(self.model)
        base = published.recipe if published else Recipe()
        return Recipe.validate_part(base.model_dump() | self.recipe, "recipe")

    def with_recipe(self, overrides: dict[str, Any]) -> "ArchitectureSettings":
        """The same with a study's overrides under the entry's own: the entry's fields win."""
        return self.model_copy(update={"recipe": overrides | self.recipe}).revalidated()

    def revalidated(self) -> "ArchitectureSettings":
        """A fresh copy, checked again (`model_copy` checks nothing and keeps cached values)."""
        return ArchitectureSettings.model_validate(self.model_dump())
