"""What a practice study compares: each arm is a way to come by training images, for the same learner and schedule."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from understudy.practice.comparison_settings import AblationSettings, ComparisonSettings

METHODS = ("real", "static", "dynamic", "prune", "practice")
SCALING, ABLATION, SWEEP = "scaling", "ablation", "sweep"


@dataclass(frozen=True)
class Arm:
    """One method with its settings.

    Attributes
    ----------
    name : str
        Of its files.
    method : str
        real: the subtrain images, as a ceiling; static: plain images, all at once; dynamic: the loop with plain images;
        prune: the loop, each addition being the images of highest entropy of an oversized plain set; practice: the loop
        with guided images.
    experiment : str
        ``scaling``: additions when patience runs out, with branch-outs; ``ablation``: the same without branch-outs and
        with a setting changed; ``sweep``: one addition at a fixed iteration.
    initial, added, additions : int
        N, P and the greatest number of additions.
    omega, oversampling : float
        Strength of the guidance; plain images made for one that is kept.
    at : float or None
        Share of the iterations after which the one addition of a sweep comes.
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
    def waits(self) -> bool:
        """Whether it makes its additions when patience runs out."""
        return self.additions > 0 and self.at is None

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
        """Plain images that the arm may use in all."""
        return 0 if self.method == "real" else self.initial + self.additions * self.candidates

    @property
    def capacity(self) -> int:
        """Training images at most."""
        return self.initial + self.additions * self.added

    def generated(self, additions: int) -> int:
        """Return how many images were made for a training set with so many additions."""
        made = self.added if self.samples else self.candidates
        return 0 if self.method == "real" else self.initial + additions * made


def arms(settings: ComparisonSettings) -> list[Arm]:
    """Return the arms of a study. How many images ``real`` has, its job finds out."""
    loop = settings.loop
    grown = {"initial": loop.initial, "added": loop.added}
    found = [Arm("real", "real", SCALING, 0)] if settings.real else []
    found += [Arm(f"static_{size}", "static", SCALING, size) for size in settings.static]
    full = grown | {"experiment": SCALING, "additions": loop.additions}
    if settings.dynamic:
        found.append(Arm("dynamic", "dynamic", **full))
    found += [Arm(f"prune_{ratio:g}", "prune", **full, oversampling=ratio) for ratio in settings.oversampling]
    practice = Arm(f"practice_{settings.omega:g}", "practice", **full, omega=settings.omega)
    found += [practice, *_ablations(practice, settings.ablation or AblationSettings())]
    if settings.sweep:
        once = grown | {"experiment": SWEEP, "additions": 1, "at": settings.sweep.at}
        for omega in settings.sweep.omegas:
            method = "practice" if omega else "dynamic"
            found.append(Arm(f"sweep_omega_{omega:g}", method, **once, omega=omega))
        for ratio in settings.sweep.oversampling:
            found.append(Arm(f"sweep_prune_{ratio:g}", "prune", **once, oversampling=ratio))
    return found


def _ablations(practice: Arm, settings: AblationSettings) -> list[Arm]:
    base = replace(practice, experiment=ABLATION)
    others = [omega for omega in settings.omegas if omega != practice.omega]
    found = [replace(base, name=f"ablation_omega_{omega:g}", omega=omega) for omega in others]
    if settings.fixed_patience:
        found.append(replace(base, name="ablation_fixed_patience", fixed_patience=True))
    if settings.new_weight:
        found.append(replace(base, name=f"ablation_new_{settings.new_weight:g}", new_weight=settings.new_weight))
    return found


def omega_arms(arms: Iterable[Arm]) -> list[Arm]:
    """Return the runs of practice that differ in omega alone."""
    loops = [arm for arm in arms if arm.method == "practice" and arm.experiment != SWEEP]
    return [arm for arm in loops if not arm.fixed_patience and arm.new_weight == 1]
