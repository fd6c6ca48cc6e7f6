"""Settings of the models to evaluate."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, model_validator

from understudy.settings import Count, Name, Settings


class Checkpoint(Settings):
    """One's own weights for an architecture of timm."""

    model: str = Field(description="timm's name of the architecture")
    path: Path = Field(
        description="weights: .safetensors, or a training script's checkpoint or state dict, without pickled objects"
    )


class ZooSettings(Settings):
    """Models of timm: by name, by filter, and by checkpoint; all of them together."""

    names: list[str] = Field([], description="timm's names of models")
    filter: str | None = Field(
        None, description="wildcard over timm's pretrained models, such as `resnet*`; `*` is all"
    )
    image_size: Count | None = Field(None, description="of those that fit the filter, models of this input size alone")
    number: Count | None = Field(None, description="of those that fit the filter, so many at random")
    checkpoints: dict[Name, Checkpoint] = Field({}, description="own weights, by any name")
    pretrained: bool = Field(True, description="load timm's weights; false gives random ones, for trials")
    models_per_job: Count = Field(10, description="models that one job evaluates on a set")
    batch_size: Count = Field(256, description="images at once; halved for a model that lacks the memory for it")
    workers: int = Field(4, ge=0, description="processes that load images; 0: the job's own process")

    def evaluation_settings(self, models: Sequence[str]) -> dict:
        """Return what the evaluation of these models depends on: not how jobs are shared out, nor others' weights."""
        kept = self.canonical(include={"pretrained", "batch_size"})
        own = {name: entry.canonical() for name, entry in self.own_weights(models).items()}
        return {"filter": "*", **kept, "checkpoints": own}

    def own_weights(self, models: Sequence[str]) -> dict[str, Checkpoint]:
        """Return those of ``models`` whose weights are one's own."""
        return {name: self.checkpoints[name] for name in models if name in self.checkpoints}

    @model_validator(mode="after")
    def _some_model(self) -> "ZooSettings":
        if not (self.names or self.filter or self.checkpoints):
            raise ValueError("no model: give `names`, `filter` or `checkpoints`")
        twice = {name for name in self.names if self.names.count(name) > 1 or name in self.checkpoints}
        if twice:
            raise ValueError(f"names: {min(twice)!r} occurs more than once")
        return self
