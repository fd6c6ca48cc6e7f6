"""Settings of a study's candidates: architectures of two families, seeds, snapshots, recipes. No torch import."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.recipes import Recipe, RecipeFields
from understudy.settings import Name, Settings, Words

EvenCount = Annotated[int, Field(ge=2, multiple_of=2), Words("an even number of at least 2")]


class RandomlyWiredSettings(Settings):
    """The rwnn family: randomly wired networks on graphs WS(neighbours, rewiring), the same on every split."""

    renamed: ClassVar[dict[str, str]] = {"head": "head_width"}

    graphs: int = Field(ge=1, le=999, description="number of architectures, each with graphs of its own")
    nodes: int = Field(32, ge=4, description="nodes of each graph")
    neighbours: EvenCount = Field(
        2, description="K of WS(K, P): neighbours of a node in the ring before rewiring, half of them on each side"
    )
    rewiring: float = Field(0.25, ge=0, le=1, description="P of WS(K, P): chance that an edge is rewired")
    stages: int = Field(2, ge=1, le=4, description="graphs in a network; each halves the resolution")
    width: int = Field(78, ge=2, description="channels C of the stem; stages have 2C, 4C, ...")
    head_width: int = Field(1280, ge=1, description="channels of the last 1x1 convolution")
    recipe: RecipeFields = Field({}, description="fields of the recipe to replace")
    group: Name | None = Field("rwnn", description="graphs of one group share a job; null: a job each")

    def _mistakes(self) -> Iterator[str]:
        if self.neighbours >= self.nodes:
            yield f"neighbours ({self.neighbours}) must be smaller than nodes ({self.nodes})"

    @property
    def names(self) -> list[str]:
        """The names of the architectures."""
        return [f"rwnn_{graph:02d}" for graph in range(self.graphs)]


class CandidateSettings(Settings):
    """The candidates: architectures x seeds, trained in the regimes full and subtrain."""

    seeds: int = Field(ge=1, le=1000, description="runs of each architecture")
    seed_block: int = Field(ge=1, description="seeds of one job; more seeds append blocks and repeat no full one")
    snapshots: int = Field(10, ge=1, le=40, description="snapshots kept of each run, the last one at its end")
    recipe: RecipeFields = Field({}, description="fields of every recipe to replace; an architecture's own win")
    standard: dict[Name, ArchitectureSettings] = Field(description="architectures of the standard family by name")
    rwnn: RandomlyWiredSettings | None = None

    def _mistakes(self) -> Iterator[str]:
        if not self.standard and not self.rwnn:
            yield "standard: no candidate; give `standard` at least one architecture, or `rwnn`"
        Recipe.validate_part(self.recipe, "recipe")
        for name, entry in self.standard.items():
            whole = entry.model_dump() | {"recipe": self.recipe | entry.recipe}
            ArchitectureSettings.validate_part(whole, "standard", name)
        if self.rwnn:
            Recipe.validate_part(self.recipe | self.rwnn.recipe, "rwnn", "recipe")
            for taken in sorted(set(self.rwnn.names) & set(self.standard)):
                yield f"standard: {taken!r} is the name of a random graph; rename it"
