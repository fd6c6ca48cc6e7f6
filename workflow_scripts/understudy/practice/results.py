"""From a run of one arm to its files: weights that were scored, history, additions, hardness, images."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from understudy.checkpoints import CHECKPOINT_SECONDS
from understudy.classifiers.weights import to_half, write_weights
from understudy.practice.comparison_settings import LearnerSettings, PatienceSettings
from understudy.practice.hardness import hardness
from understudy.practice.loop import PracticeRun, Sources
from understudy.practice.variants import SCALING, Arm

EPOCH = 1  # a weights file holds snapshots by epoch; a run of practice keeps its end alone
SHARD_SIZE = 10_000


@dataclass(frozen=True)
class ArmResult:
    """Tables of one arm and seed, without the columns that name them."""

    runs: pd.DataFrame
    history: pd.DataFrame
    rounds: pd.DataFrame
    hardness: pd.DataFrame


def run_arm(
    arm: Arm,
    learner: LearnerSettings,
    loop: PatienceSettings,
    sources: Sources,
    seed: int,
    name: str,
    weights: Path,
    images: Path | None,
    work: Path,
    device: torch.device,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> ArmResult:
    """Run one arm with one seed, and cool its branches down.

    Parameters
    ----------
    name : str
        The run's name: weights are written to ``weights``/{name}-b{additions}.safetensors.
    images : Path or None
        Folder for the run's training images as parquet shards; None keeps none.
    work : Path
        Images and checkpoints of the run under way: a killed run goes on from there, exactly. Left for the caller to
        remove.

    Raises
    ------
    StudyError
        If the generator's images or classes aren't the learner's, or something is no longer finite; what was made
        stays in ``work``.

    """
    run = PracticeRun(arm, learner, loop, sources, seed, work, device, checkpoint_seconds)
    run.run()
    if images is not None:
        run.set.write_shards(images, run.progress.images, SHARD_SIZE)
    scaling = arm.experiment == SCALING
    hard = hardness(run) if scaling else []
    rounds, branches = run.progress.rounds, run.branches() if scaling else []
    ends = [_end(run, arm, run.progress.additions, name, weights)]
    if arm.additions and not run.progress.additions:
        ends[0]["reason"] = "patience was never reached: practice.comparison.loop.patience"
    history = [row | {"branch": run.progress.additions} for row in run.progress.history]
    for branch in branches:
        run.cool_down(branch)
        ends.append(_end(run, arm, branch, name, weights))
        history += [row for row in run.progress.history if row["branch"] == branch]
    return ArmResult(*(pd.DataFrame(rows) for rows in (ends, history, rounds, hard)))


def _end(run: PracticeRun, arm: Arm, additions: int, name: str, folder: Path) -> dict:
    """Write a branch's weights and return its row of the runs."""
    done = run.progress
    record = {
        "run": f"{name}-b{additions}",
        "settings": run.settings.network.model_dump(mode="json"),
        **vars(run.shape),
        "trained_images": done.images,
    }
    kept = {EPOCH: to_half(run.learner.weights(), run.learner.parameter_names())}
    write_weights(folder / f"{record['run']}.safetensors", kept, record)
    guided = sum(row["images"] for row in done.rounds) if arm.omega else 0
    seconds = sum(row["seconds"] for row in done.rounds)
    return {
        "run": record["run"],
        "branch": additions,
        "images_generated": arm.generated(additions),
        "images_trained": done.images,
        "iterations": done.step,
        "generator_seconds": done.generator_seconds,
        "learner_seconds": done.learner_seconds,
        "plain_seconds_per_image": run.sources.pool.seconds_per_image if run.sources.pool else math.nan,
        "guided_seconds_per_image": seconds / guided if guided else math.nan,
        "reason": "",
    }
