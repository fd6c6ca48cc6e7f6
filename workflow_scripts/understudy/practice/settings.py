"""Settings of the practice study."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from understudy.practice.comparison_settings import ComparisonSettings
from understudy.settings import Settings

Cosine = Annotated[float, Field(ge=-1, le=1)]
PositiveCosine = Annotated[float, Field(ge=0, le=1)]
KeepFraction = Annotated[float, Field(gt=0, le=1)]
Ridge = Annotated[float, Field(ge=0)]
# With fewer the number kept, which is random, may well be 0.
KeptSamples = Annotated[int, Field(ge=20)]


class OversamplingSettings(Settings):
    """Figure 5c: how accuracy changes with the size of the pool that a fixed number of samples is kept from."""

    kept_samples: KeptSamples = Field(2048, description="samples kept of every pool, on average")
    ratios: list[Annotated[float, Field(ge=1)]] = Field(
        [1, 1.5, 2, 3, 4, 6, 8, 12, 18, 40], min_length=1, description="pool size over kept samples"
    )


class ImperfectLabels(Settings):
    """Cosines between the direction that selects, that which labels, and the true one."""

    rho: PositiveCosine = Field(description="between the selecting and the labelling direction")
    rho_true: Cosine = Field(description="between the selecting and the true direction")
    rho_labels: Cosine = Field(description="between the labelling and the true direction")

    def _mistakes(self) -> Iterator[str]:
        # Three unit vectors have these cosines if and only if their Gram matrix has no negative eigenvalue.
        rho, true, labels = self.rho, self.rho_true, self.rho_labels
        if 1 + 2 * rho * true * labels - rho**2 - true**2 - labels**2 < -1e-12:
            yield f"no three directions have the cosines {rho}, {true} and {labels}; bring them together"


class TheorySettings(Settings):
    """Theorem 1 and a simulation beside it: a linear classifier on the hardest or the easiest of a pool of samples."""

    dimension: int = Field(512, ge=8, description="d, dimensions of a sample")
    trials: int = Field(100, ge=2, description="simulated training sets of each setting")
    modes: list[Literal["keep_hard", "keep_easy"]] = Field(
        ["keep_hard"], min_length=1, description="which samples are kept: those nearest to the boundary, or farthest"
    )
    kept_samples: list[KeptSamples] = Field(
        [128, 256, 384, 1024, 2048, 4096, 8192, 16384],
        min_length=1,
        description="figure 3: samples kept, on average; around `dimension` theory and simulation part ways",
    )
    keep_fractions: list[KeepFraction] = Field(
        [1, 0.5, 0.25, 0.1], min_length=1, description="figure 3: p; 1 keeps all"
    )
    rhos: list[PositiveCosine] = Field([1, 0.95], min_length=1, description="between selecting and labelling direction")
    ridges: list[Ridge] = Field([1e-6, 1e-2], min_length=1, description="lambda, over the pool's size; 0 is the limit")
    oversampling: OversamplingSettings = OversamplingSettings()
    imperfect_labels: list[ImperfectLabels] = Field([], description="at every setting of `oversampling`")


class PracticeSettings(Settings):
    """What the practice study holds."""

    theory: TheorySettings | None = Field(None, description="theorem 1 with a simulation beside it; null leaves it out")
    comparison: ComparisonSettings | None = Field(
        None, description="practice against its baselines; null leaves it out"
    )

    def _mistakes(self) -> Iterator[str]:
        if self.theory is None and self.comparison is None:
            yield "give `comparison`, `theory` or both; `theory: {}` is theorem 1 with its default settings"
