"""What a practice study compares: each arm is a way to come by training images, for the same learner and schedule."""

from dataclasses import dataclass

from understudy.practice.comparison_settings import ComparisonSettings

METHODS = ("real", "static", "dynamic", "prune", "practice")
SCALING, SWEEP = "scaling", "sweep"


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
        ``scaling``: additions when patience runs out, with branch-outs; ``sweep``: one addition at a fixed iteration.
    initial, added, additions : int
        N, P and the greatest number of additions.
    omega, oversampling : float
        Strength of the guidance; plain images made for one that is kept.
    at : float or None
        Share of the iterations after which the one addition of a sweep comes.

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

    @property
    def samples(self) -> bool:
        """Whether the run makes its additions itself: guided ones, and plain ones to compare these with."""
        return self.method == "practice" or (self.method == "dynamic" and self.experiment == SWEEP)

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
    found.append(Arm(f"practice_{settings.omega:g}", "practice", **full, omega=settings.omega))
    if settings.sweep:
        once = grown | {"experiment": SWEEP, "additions": 1, "at": settings.sweep.at}
        for omega in settings.sweep.omegas:
            method = "practice" if omega else "dynamic"
            found.append(Arm(f"sweep_omega_{omega:g}", method, **once, omega=omega))
        for ratio in settings.sweep.oversampling:
            found.append(Arm(f"sweep_prune_{ratio:g}", "prune", **once, oversampling=ratio))
    return found
