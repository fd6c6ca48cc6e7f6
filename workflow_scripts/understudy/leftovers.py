"""Checkpoints that no job of a study takes up any more: of candidates, generators and models that it no longer has."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from understudy.errors import StudyError
from understudy.plan import Plan


def checkpoint_folders(plan: Plan) -> set[Path]:
    """Return the folders of checkpoints of all jobs of a study; see the `checkpoints` of its rules."""
    root, splits = (
        plan.root / "checkpoints",
        [f"draw{draw}/{split}" for draw, split in product(plan.draws, plan.splits)],
    )
    names = [f"generators/{split}/{name}" for split in splits for name in plan.study.generator_names(Path(split).name)]
    if plan.batches:
        names += [f"candidates/draw{draw}/{'/'.join(rest)}" for draw, *rest in plan.trained_batches()]
    if plan.practice:
        practice = plan.practice
        seeds = [seed for block in practice.blocks.values() for seed in block]
        names += [f"practice/diffusion/draw{draw}" for draw in plan.draws]
        names += [f"practice/pool/seed{seed}/shard{shard}" for seed in seeds for shard in range(len(practice.shards))]
        names += [f"practice/runs/{variant}/{block}" for variant in practice.variants for block in practice.blocks]
    if plan.ranking:
        pairs = product(plan.ranking.image_sets, plan.ranking.model_batches)
        names += [f"ranking/{name}/{batch}" for name, batch in pairs]
    return {root / name for name in names}


def left_checkpoints(plan: Plan) -> list[Path]:
    """Return the folders below a study's checkpoints that belong to none of its jobs, in order.

    Raises
    ------
    StudyError
        The folder of checkpoints is a link: what it leads to may be another study's.
    """
    root, kept = plan.root / "checkpoints", checkpoint_folders(plan)
    if root.is_symlink():
        raise StudyError(f"{root} is a link to {root.resolve()}; look there yourself")
    above = {folder for path in kept for folder in path.parents}

    def unclaimed(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path in above and path.is_dir() and not path.is_symlink():
                yield from unclaimed(path)
            elif path not in kept:
                yield path

    return list(unclaimed(root)) if root.is_dir() else []
