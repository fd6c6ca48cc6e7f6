"""What a study's configuration says of an architecture, and which networks there are (no torch import)."""

import importlib.util
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from understudy.classifiers.families import FAMILIES, Arguments, Family
from understudy.classifiers.published import PUBLISHED
from understudy.classifiers.recipes import Recipe, RecipeFields
from understudy.errors import nearest, unknown_name
from understudy.settings import FrozenSettings, Name, use_new_names


def missing_network(model: str) -> str | None:
    """Say why a network from outside this package can't be made; None if it seems to be there. Nothing is imported."""
    source, _, name = model.partition(":")
    if not name:
        return None
    if source != "timm":
        # A module within a package is found by importing the package, which may do anything: jobs find it, or not.
        missing = importlib.util.find_spec(source.split(".")[0]) is None
        return f"{model!r}: no module {source!r} is to be found; add its folder to PYTHONPATH" if missing else None
    # timm imports torch, which takes seconds. A name may have a tag (resnet18.a1_in1k) or an address (hf-hub:...).
    known, wanted = _timm_names(), name.split(".")[0]
    if not known or wanted in known or re.search(r"[:/]", name):
        return None
    near = nearest(wanted, known)
    return f"{model!r}: timm has no network of this name{f'; did you mean timm:{near}?' if near else ''}"


@cache
def _timm_names() -> frozenset[str]:
    """Return what timm's modules define, and what they know by an older name: all of its networks, and more."""
    spec = importlib.util.find_spec("timm")
    folders = [Path(folder) / "models" for folder in (spec and spec.submodule_search_locations) or ()]
    text = "\n".join(path.read_text() for folder in folders for path in sorted(folder.glob("*.py")))
    found = re.findall(r"^def (\w+)\(|['\"](\w+)['\"] ?: ['\"]", text, flags=re.MULTILINE)
    return frozenset(name for pair in found for name in pair if name)


class ArchitectureSettings(FrozenSettings):
    """A candidate architecture as a study's configuration states it.

    `model` is a family (`resnet`), one of the 17 published names (`resnet_32`), `timm:NAME`, or `module:function`
    of the user's own, called as function(channels=, size=, classes=, **arguments) and returning a torch module
    from float images [N, C, H, W] to logits [N, classes].
    """

    model: str = Field(description="A family, a published name, timm:NAME or module:function.")
    arguments: dict[str, Any] = Field({}, description="Arguments of the family or function.")
    recipe: RecipeFields = Field({}, description="Fields of the published recipe to replace.")
    group: Name | None = Field(None, description="Architectures of one group share a job.")

    @field_validator("arguments")
    @classmethod
    def _use_new_names_of_arguments(cls, arguments: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        model = info.data.get("model")  # None if it is wrong itself
        family = FAMILIES.get(PUBLISHED[model].family if model in PUBLISHED else model)
        return use_new_names(arguments, family.arguments.renamed) if family else arguments

    @model_validator(mode="after")
    def _check(self) -> "ArchitectureSettings":
        if self.model != self.model.strip():
            raise ValueError(f"model: remove the blanks before or after {self.model!r}")
        allowed = [*sorted(FAMILIES), *sorted(PUBLISHED), "timm:NAME", "module:function"]
        if not self.is_foreign and self.model not in allowed:
            raise ValueError(f"model: {unknown_name(self.model, allowed)}")
        _ = self.full_recipe
        if not self.is_foreign:
            _ = self.full_arguments
        return self

    @property
    def is_foreign(self) -> bool:
        """Whether the network is built outside this package (timm, or the user's own)."""
        return ":" in self.model

    @property
    def family(self) -> Family:
        """The network's family; KeyError for a foreign model."""
        published = PUBLISHED.get(self.model)
        return FAMILIES[published.family if published else self.model]

    @cached_property
    def full_arguments(self) -> Arguments:
        """The family's arguments, defaults and published values filled in."""
        published = PUBLISHED.get(self.model)
        given = (published.arguments if published else {}) | self.arguments
        return self.family.arguments.validate_part(given, "arguments")

    @cached_property
    def full_recipe(self) -> Recipe:
        """The published recipe (or the common one) with this entry's own fields in it."""
        return self.recipe_over({})

    def recipe_over(self, study_recipe: dict[str, Any]) -> Recipe:
        """Return the same with a study's fields of every recipe between: the entry's own win."""
        published = PUBLISHED.get(self.model)
        base = published.recipe if published else Recipe()
        return Recipe.validate_part(base.model_dump() | study_recipe | self.recipe, "recipe")

    def resolved(self, study_recipe: dict[str, Any]) -> dict[str, Any]:
        """Return all that a training of this architecture depends on as plain data, published values filled in."""
        arguments = self.arguments if self.is_foreign else self.full_arguments.canonical()
        return {"model": self.model, "arguments": arguments, "recipe": self.recipe_over(study_recipe).canonical()}
