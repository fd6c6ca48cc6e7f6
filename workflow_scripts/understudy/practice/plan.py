"""Which jobs a practice study has, and where their files lie. No torch import."""

from pathlib import Path

from understudy.data.file_state import files_state
from understudy.practice.comparison_settings import ComparisonSettings, DiffusionSettings
from understudy.practice.variants import Arm, arms, omega_arms


class PracticePlan:
    """The jobs and files of a comparison of practice with its baselines.

    A job runs one arm with one fixed block of seeds: more seeds append blocks and repeat no full one. The plain images
    of a seed are made ahead, in shards, for all arms that take some.
    """

    def __init__(self, settings: ComparisonSettings, root: Path, draws: int):
        self.settings, self.root, self.draws = settings, root / "practice", draws
        self.arms: dict[str, Arm] = {arm.name: arm for arm in arms(settings)}
        size, end = settings.seed_block, settings.first_seed + settings.seeds
        self.blocks = {
            f"block{number}": list(range(first, min(first + size, end)))
            for number, first in enumerate(range(settings.first_seed, end, size))
        }
        pool = max(arm.plain_images for arm in self.arms.values())
        self.shards = [(first, min(settings.pool_shard, pool - first)) for first in range(0, pool, settings.pool_shard)]

    @property
    def trains_generator(self) -> bool:
        """Whether the study trains its diffusion model; else it is pretrained."""
        return isinstance(self.settings.generator, DiffusionSettings)

    def draw_of(self, seed: int | str) -> int:
        """Return the drawing of the splits that a seed's runs use."""
        return int(seed) % self.draws

    def draws_of(self, block: str) -> list[int]:
        """Return the draws that a block's seeds use."""
        return sorted({self.draw_of(seed) for seed in self.blocks[block]})

    def shard(self, seed: int | str, shard: int | str) -> Path:
        """Return the folder of a shard of a seed's plain images."""
        return self.root / "pool" / f"seed{seed}" / f"shard{shard}"

    def pool(self, arm: str, block: str) -> list[Path]:
        """Return the shards that an arm takes plain images from, seed by seed."""
        wanted = self.arms[arm].plain_images
        return [
            self.shard(seed, number)
            for seed in self.blocks[block]
            for number, (first, _) in enumerate(self.shards)
            if first < wanted
        ]

    def model(self, draw: int | str) -> Path:
        """Return the file of the diffusion model trained on a draw."""
        return self.root / "diffusion" / f"draw{draw}" / "model.safetensors"

    def models(self, arm: str, block: str) -> list[Path]:
        """Return the trained models that an arm makes images with itself, in the order of its block's draws."""
        needed = self.trains_generator and self.arms[arm].samples
        return [self.model(draw) for draw in self.draws_of(block)] if needed else []

    @property
    def class_file(self) -> Path | None:
        """The file that says what a pretrained model calls the classes, if one is given."""
        return None if self.trains_generator else self.settings.generator.class_file

    def missing_files(self) -> list[str]:
        """Say which files and folders that the comparison names are not there."""
        folders = {f"shifted.folders.{name}": path for name, path in self.settings.shifted.folders.items()}
        missing = {key: f"a folder at {path}" for key, path in folders.items() if not path.is_dir()}
        if self.class_file and not self.class_file.is_file():
            missing[f"generator.{self.settings.generator.class_file_key}"] = f"a file at {self.class_file}"
        return [
            f"practice: practice.comparison.{key} needs {what}, which does not exist; put it there, or correct the path"
            for key, what in missing.items()
        ]

    def run(self, arm: str, block: str) -> Path:
        """Return the folder of an arm's runs."""
        return self.root / "runs" / arm / block

    def runs(self, file: str) -> list[Path]:
        """Return a file of all arms and blocks."""
        return [self.run(arm, block) / file for arm in self.arms for block in self.blocks]

    @property
    def omega_runs(self) -> list[Path]:
        """Return the folders of the runs by which omega is chosen; nothing is chosen where there is but one."""
        chosen = omega_arms(self.arms.values())
        return [self.run(arm.name, block) for arm in chosen for block in self.blocks] if len(chosen) > 1 else []

    def evaluation(self, block: str) -> Path:
        """Return the folder of a block's evaluation."""
        return self.root / "evaluations" / block

    def parameters(self, arm: str, block: str) -> dict:
        """Return what an arm's runs depend on, as plain data, beside their input files."""
        settings, chosen = self.settings, self.arms[arm]
        keys = [*(["generator", "sampling"] if chosen.samples else []), *(["guidance"] if chosen.omega else [])]
        patience = {"patience", "patience_grows"} if chosen.waits else set()
        return {
            "arm": vars(chosen),
            "seeds": self.blocks[block],
            "draws": [self.draw_of(seed) for seed in self.blocks[block]],
            "learner": settings.learner.model_dump(mode="json"),
            "loop": settings.loop.model_dump(mode="json", include={"initial", "evaluation_interval"} | patience),
            **{key: getattr(settings, key).model_dump(mode="json") for key in keys},
            **({"class_file": files_state(self.class_file)} if chosen.samples and self.class_file else {}),
        }
