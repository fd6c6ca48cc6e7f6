"""What a practice study compares: a variant is a method of coming by training images, with its settings.

The learner and its schedule are the same for all. No torch import.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from understudy.practice.comparison_settings import AblationSettings, ComparisonSettings

SCALING, ABLATION, SWEEP = "scaling", "ablation", "sweep"


@dataclass(frozen=True)
class Method:
    """How a method is shown; colours are Okabe and Ito's."""

    label: str
    colour: str
    marker: str


METHODS = {
    # The subtrain images, as a ceiling.
    "real": Method("real images", "#000000", "*"),
    # Plain images, all at once.
    "static": Method("static", "#D55E00", "X"),
    # The loop with plain images.
    "dynamic": Method("dynamic, ω = 0", "#56B4E9", "s"),
    # The loop, each addition being the images of highest entropy of an oversized plain set.
    "prune": Method("oversample and prune", "#009E73", "^"),
    # The loop with guided images.
    "practice": Method("practice", "#0072B2", "o"),
}
"""The methods, each plainer than those after it."""
PLAINNESS = {name: number for number, name in enumerate(METHODS)}


@dataclass(frozen=True)
class Variant:
    """One method with its settings.

    Attributes
    ----------
    name : str
        Of its files.
    method : str
        One of ``METHODS``.
    experiment : str
        ``scaling``: additions when patience runs out, with branch-outs; ``ablation``: the same without branch-outs and
        with a setting changed; ``sweep``: one addition at a fixed iteration.
    initial, added, additions : int
        N, P and the greatest number of additions.
    omega, oversampling : float
        Strength of the guidance; plain images made for one that is kept.
    at : float or None
        Fraction of the iterations after which the one addition of a sweep comes.
    fixed_patience : bool
        Whether patience stays as it is when the data set grows.
    new_weight : float
        How many times likelier an image of the newest addition is drawn than another.

    """

    name: str
    method: str
    experiment: str
    initial: int
    added: int = 0
    additions: int = 0
    omega: float = 0.0
    oversampling: float = 1.0
    at: float | None = None
    fixed_patience: bool = False
    new_weight: float = 1.0

    @property
    def samples(self) -> bool:
        """Whether the run makes its additions itself: guided ones, and plain ones to compare these with."""
        return self.method == "practice" or (self.method == "dynamic" and self.experiment == SWEEP)

    @property
    def branches(self) -> int:
        """Branches at most, each cooled down and scored beside the run itself."""
        return self.additions if self.experiment == SCALING else 0

    @property
    def candidates(self) -> int:
        """Plain images that an addition takes from those made ahead."""
        return 0 if self.samples else round(self.added * self.oversampling)

    @property
    def plain_images(self) -> int:
        """Plain images that the variant may use in all."""
        return 0 if self.method == "real" else self.initial + self.additions * self.candidates

    @property
    def capacity(self) -> int:
        """Training images at most."""
        return self.initial + self.additions * self.added

    def generated(self, additions: int) -> int:
        """Return how many images were made for a training set with so many additions."""
        made = self.added if self.samples else self.candidates
        return 0 if self.method == "real" else self.initial + additions * made


def list_variants(settings: ComparisonSettings) -> list[Variant]:
    """Return the variants of a study. How many images ``real`` has, its job finds out."""
    loop = settings.loop
    grown = {"initial": loop.initial, "added": loop.added}
    found = [Variant("real", "real", SCALING, 0)] if settings.real else []
    found += [Variant(f"static_{size}", "static", SCALING, size) for size in settings.static]
    full = grown | {"experiment": SCALING, "additions": loop.additions}
    if settings.dynamic:
        found.append(Variant("dynamic", "dynamic", **full))
    found += [Variant(f"prune_{ratio:g}", "prune", **full, oversampling=ratio) for ratio in settings.oversampling]
    practice = Variant(f"practice_{settings.omega:g}", "practice", **full, omega=settings.omega)
    found += [practice, *_ablations(practice, settings.ablation or AblationSettings())]
    if settings.sweep:
        once = grown | {"experiment": SWEEP, "additions": 1, "at": settings.sweep.at}
        for omega in settings.sweep.omegas:
            method = "practice" if omega else "dynamic"
            found.append(Variant(f"sweep_omega_{omega:g}", method, **once, omega=omega))
        for ratio in settings.sweep.oversampling:
            found.append(Variant(f"sweep_prune_{ratio:g}", "prune", **once, oversampling=ratio))
    return found


def _ablations(practice: Variant, settings: AblationSettings) -> list[Variant]:
    base = replace(practice, experiment=ABLATION)
    others = [omega for omega in settings.omegas if omega != practice.omega]
    found = [replace(base, name=f"ablation_omega_{omega:g}", omega=omega) for omega in others]
    if settings.fixed_patience:
        found.append(replace(base, name="ablation_fixed_patience", fixed_patience=True))
    if settings.new_weight:
        found.append(replace(base, name=f"ablation_new_{settings.new_weight:g}", new_weight=settings.new_weight))
    return found


def omega_variants(variants: Iterable[Variant]) -> list[Variant]:
    """Return the runs of practice that differ in omega alone."""
    loops = [variant for variant in variants if variant.method == "practice" and variant.experiment != SWEEP]
    return [variant for variant in loops if not variant.fixed_patience and variant.new_weight == 1]
