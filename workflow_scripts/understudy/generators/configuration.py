"""A generator in a study's configuration: a method, a preset, and the values that replace the preset's."""

from typing import Annotated, Literal

from pydantic import Field, create_model

from understudy.generators.methods import METHODS
from understudy.generators.presets import PER_CLASS_CHANGES, PRESETS
from understudy.generators.settings import TrainingSettings
from understudy.settings import FrozenSettings


class PresetChoice(FrozenSettings):
    """What a generator's settings start from."""

    method: Literal[tuple(METHODS)] = Field(description="how the networks look and are trained")
    per_class: bool = Field(False, description=TrainingSettings.model_fields["per_class"].description)
    preset: Literal["cifar", "digits"] = Field(
        "digits", description="values of the keys that are left out: published ones for CIFAR-10, or for small digits"
    )


def _overrides() -> dict[str, tuple]:
    """Return the definitions of every method's fields with null, for the preset's value, allowed and the default."""
    definitions = {}
    for name, method in METHODS.items():
        for key, field in method.settings.model_fields.items():
            if key not in PresetChoice.model_fields:
                prefix = "" if key in TrainingSettings.model_fields else f"{name}: "
                kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
                definitions[key] = kind | None, Field(None, description=f"{prefix}{field.description}")
    return definitions


OVERRIDES = _overrides()
Overrides = create_model("Overrides", __base__=PresetChoice, **OVERRIDES)


class GeneratorSettings(Overrides):
    """A generator: a method, a preset, and what differs from the preset.

    A key that is left out keeps the preset's value; ``resolve`` gives the whole.
    """

    def _mistakes(self) -> tuple[()]:
        self.resolve()
        return ()

    def resolve(self) -> TrainingSettings:
        """Return the settings of the training, the preset's values filled in.

        Raises
        ------
        ValueError
            If a key belongs to another method, or the values don't go together.

        """
        preset = PRESETS[self.preset, self.method]
        changes = PER_CLASS_CHANGES.get((self.preset, self.method), {}) if self.per_class else {}
        own = self.model_dump(include=set(OVERRIDES), exclude_none=True)
        unknown = sorted(set(own) - set(type(preset).model_fields))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not a setting of {self.method}; remove it or change `method`")
        return type(preset)(**preset.model_dump() | changes | own | {"per_class": self.per_class})
