"""Settings of the ranking study."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Penalty = Annotated[float, Field(gt=0)]


class RankingSettings(BaseModel):
    """How models are calibrated and ranked; without further keys the study's candidates are the models."""

    model_config = ConfigDict(extra="forbid")

    calibration_models: int = Field(
        10,
        ge=2,
        description="models of known real risk that the table `calibration` calibrates with; others are ranked",
    )
    calibration_counts: list[Annotated[int, Field(ge=2)]] = Field(
        [5, 10, 25, 50], min_length=1, description="numbers of calibration models that `calibration_models` compares"
    )
    repeats: int = Field(100, ge=2, description="random splits of the models into calibration models and ranked ones")
    penalty: Penalty = Field(1.0, description="lambda of the paper's ridge regression, in numbers of images")
    penalties: list[Penalty] = Field(
        [0.01, 0.1, 1.0, 10.0, 100.0],
        min_length=1,
        description="values of lambda that `calibration_penalties` compares",
    )
    drop_classes: bool = Field(
        False, description="leave out classes without images in some set; false makes such a class an error"
    )
    gallery_classes: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 1, 2, 3], min_length=1, description="classes whose images the gallery shows by weight, by number from 0"
    )
