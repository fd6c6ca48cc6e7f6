"""Which jobs a practice study has, and where their files lie. No torch import."""

from collections.abc import Iterable
from pathlib import Path

from understudy.data.file_state import files_state
from understudy.generators.diffusion_settings import DiffusionSettings
from understudy.practice.comparison_settings import ComparisonSettings
from understudy.practice.variants import list_variants, omega_variants


class PracticePlan:
    """The jobs and files of a comparison of practice with its baselines.

    A job runs one variant with one fixed block of seeds: more seeds append blocks and repeat no full one. Plain images
    of a seed are made ahead, in shards, for all variants that take some.
    """

    def __init__(self, settings: ComparisonSettings, root: Path, draws: int):
        self.settings, self.root, self.draws = settings, root / "practice", draws
        self.variants = {variant.name: variant for variant in list_variants(settings)}
        size, end = settings.seed_block, settings.first_seed + settings.seeds
        self.blocks = {
            f"block{number}": list(range(first, min(first + size, end)))
            for number, first in enumerate(range(settings.first_seed, end, size))
        }
        pool = max(variant.plain_images for variant in self.variants.values())
        self.shards = [(first, min(settings.pool_shard, pool - first)) for first in range(0, pool, settings.pool_shard)]

    @property
    def trains_generator(self) -> bool:
        """Whether the study trains its diffusion model; else it is pretrained."""
        return isinstance(self.settings.generator, DiffusionSettings)

    def seed_draw(self, seed: int | str) -> int:
        """Return the drawing of the splits that a seed's runs use."""
        return int(seed) % self.draws

    def block_draws(self, block: str) -> list[int]:
        """Return the draws that a block's seeds use."""
        return sorted({self.seed_draw(seed) for seed in self.blocks[block]})

    def shard(self, seed: int | str, shard: int | str) -> Path:
        """Return the folder of a shard of a seed's plain images."""
        return self.root / "pool" / f"seed{seed}" / f"shard{shard}"

    def pool(self, variant: str, block: str) -> list[Path]:
        """Return the shards that a variant takes plain images from, seed by seed."""
        wanted = self.variants[variant].plain_images
        return [
            self.shard(seed, number)
            for seed in self.blocks[block]
            for number, (first, _) in enumerate(self.shards)
            if first < wanted
        ]

    def model(self, draw: int | str) -> Path:
        """Return the file of the diffusion model trained on a draw."""
        return self.root / "diffusion" / f"draw{draw}" / "model.safetensors"

    def pool_model(self, seed: int | str) -> list[Path]:
        """Return the trained model that makes a seed's plain images; none where it is pretrained."""
        return [self.model(self.seed_draw(seed))] if self.trains_generator else []

    def models(self, variant: str, block: str) -> list[Path]:
        """Return the trained models that a variant makes images with itself, in the order of its block's draws."""
        needed = self.trains_generator and self.variants[variant].samples
        return [self.model(draw) for draw in self.block_draws(block)] if needed else []

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

    def run(self, variant: str, block: str) -> Path:
        """Return the folder of a variant's runs."""
        return self.root / "runs" / variant / block

    def runs(self, blocks: Iterable[str]) -> list[Path]:
        """Return the tables of all variants' runs in some blocks."""
        return [self.run(variant, block) / "runs.parquet" for variant in self.variants for block in blocks]

    @property
    def omega_runs(self) -> list[Path]:
        """Return the folders of the runs by which omega is chosen; nothing is chosen where there is but one."""
        chosen = omega_variants(self.variants.values())
        return [self.run(variant.name, block) for variant in chosen for block in self.blocks] if len(chosen) > 1 else []

    def evaluation(self, block: str, table: str = "evaluation") -> Path:
        """Return a table that a block's evaluation writes."""
        return self.root / "evaluations" / block / f"{table}.parquet"

    def parameters(self, variant: str, block: str) -> dict:
        """Return what a variant's runs depend on, as plain data, beside their input files."""
        settings, chosen = self.settings, self.variants[variant]
        keys = [*(["generator", "sampling"] if chosen.samples else []), *(["guidance"] if chosen.omega else [])]
        # A sweep's addition comes at a fixed step, whatever the patience.
        patience = {"patience", "patience_grows"} if chosen.additions and chosen.at is None else set()
        return {
            "arm": vars(chosen),
            "seeds": self.blocks[block],
            "draws": [self.seed_draw(seed) for seed in self.blocks[block]],
            "learner": settings.learner.canonical(),
            "loop": settings.loop.canonical({"initial", "evaluation_interval"} | patience),
            **{key: getattr(settings, key).canonical() for key in keys},
            **({"class_file": files_state(self.class_file)} if chosen.samples and self.class_file else {}),
        }
