"""From a run of one variant to its files: weights that were scored, history, additions, hardness, images."""

import math
import sys
from pathlib import Path

import pandas as pd
import torch

from understudy.classifiers.weights import write_weights
from understudy.practice.hardness import hardness
from understudy.practice.loop import CoolDown, PracticeRun, Sources
from understudy.practice.steps import LearnerSteps, RunSettings
from understudy.training_loop import train

EPOCH = 1  # a weights file holds snapshots by epoch; a run of practice keeps its end alone
SHARD_SIZE = 10_000


def run_variant(
    settings: RunSettings, sources: Sources, name: str, weights: Path, images: Path | None, work: Path,
    device: torch.device,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Run one variant with one seed, and cool its branches down.

    Parameters
    ----------
    name : str
        The run's name: weights are written to ``weights``/{name}-b{additions}.safetensors.
    images : Path or None
        Folder for the run's training images as parquet shards; None keeps none.
    work : Path
        Images and checkpoints of the run under way: a killed run goes on from there, exactly. Left for the caller to
        remove.

    Returns
    -------
    The tables runs, history, additions and hardness, without the columns that name the run.

    Raises
    ------
    StudyError
        If the generator's images or classes aren't the learner's, or something is no longer finite; what was made
        stays in ``work``.

    """
    variant = settings.variant
    run = PracticeRun(settings, sources, work, device)
    train(run, run.checkpoints, f"practice {variant.name}", "step and image")
    additions = run.state.additions
    if images is not None:
        run.images.write_shards(images, run.state.images, SHARD_SIZE)
    ends = [_end(run, run, additions, name, weights)]
    if variant.additions and not additions:
        key = "practice.comparison.loop.patience"
        ends[0]["reason"] = f"patience was never reached: {key}"
        print(
            f"warning: {variant.name}: patience was never reached in {run.state.step} iterations, so no image was "
            f"added; lower {key} or raise practice.comparison.learner.iterations",
            file=sys.stderr,
        )
    history = [row | {"branch": additions} for row in run.state.history]
    hard = hardness(run) if variant.branches else []
    for number in range(additions if variant.branches else 0):
        branch = CoolDown(run, number)
        train(branch, branch.checkpoints, f"practice {variant.name}, branch {number}")
        ends.append(_end(run, branch, number, name, weights))
        history += [row for row in branch.state.history if row["branch"] == number]
    tables = {"runs": ends, "history": history, "additions": run.state.rounds, "hardness": hard}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def _end(run: PracticeRun, ended: LearnerSteps, additions: int, name: str, folder: Path) -> dict:
    """Write the weights of the run or one of its branches, and return its row of the runs."""
    variant, state, pool = run.settings.variant, ended.state, run.sources.pool
    record = {
        "run": f"{name}-b{additions}",
        "settings": run.settings.learner.network.model_dump(mode="json"),
        **vars(run.shape),
        "trained_images": state.images,
    }
    write_weights(folder / f"{record['run']}.safetensors", {EPOCH: ended.learner.weights()}, record)
    guided = sum(row["images"] for row in state.rounds) if variant.omega else 0
    return {
        "run": record["run"],
        "branch": additions,
        "omega": variant.omega,
        "oversampling": variant.oversampling,
        "images_generated": variant.generated(additions),
        "images_trained": state.images,
        "iterations": state.step,
        "generator_seconds": state.generator_seconds,
        "learner_seconds": state.learner_seconds,
        "plain_seconds_per_image": pool.seconds_per_image if pool else math.nan,
        "guided_seconds_per_image": sum(row["seconds"] for row in state.rounds) / guided if guided else math.nan,
        "reason": "",
    }
