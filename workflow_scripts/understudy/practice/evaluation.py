"""Scoring the learners of a practice study: the one step that reads test images, and it chooses nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.classifiers.weights import WeightsFile, load_network
from understudy.data.shards import Images, read_images
from understudy.inference import predict
from understudy.practice.corruptions import corrupt


def evaluation_sets(
    validation: Images, test: Images | None, corruptions: Mapping[str, float], others: Mapping[str, Images], seed: int
) -> dict[str, Images]:
    """Return the sets that runs are scored on, by name: validation, test, corrupted test images, other images."""
    sets = {"validation": validation}
    if test is not None:
        sets["test"] = test
        for name, strength in corruptions.items():
            sets[f"shifted_{name}"] = Images(corrupt(test.images, name, strength, seed), test.labels, test.columns)
    return sets | {f"shifted_{name}": images for name, images in others.items()}


def score(weights: Sequence[Path], sets: Mapping[str, Images], device: torch.device) -> pd.DataFrame:
    """Return the table ``practice_evaluation`` of some runs' weights."""
    rows = []
    for path in weights:
        run, network = WeightsFile(path).record["run"], load_network(path).to(device)
        for name, data in sets.items():
            errors = int((predict(network, data.images, device).argmax(1).numpy() != data.labels).sum())
            rows.append({"run": run, "set": name, "images": len(data.labels), "errors": errors})
    return pd.DataFrame(rows, columns=["run", "set", "images", "errors"])


def measure_addition(images: Path, judge: Path | None, device: torch.device) -> dict:
    """Return how unsure the learner was of a sweep's added images, and whether a learner of real images agrees.

    ``images`` are a run's training images with their additions; ``judge`` are the weights of the learner trained on
    real images.
    """
    data = read_images(images)
    added = data.take(np.flatnonzero(data.columns["addition"] == 1))
    entropies, agreement = added.columns["entropy"].to_numpy(float), np.nan
    if judge:
        predicted = predict(load_network(judge).to(device), added.images, device).argmax(1).numpy()
        agreement = float((predicted == added.labels).mean())
    return {
        "images": len(entropies),
        "entropy": float(entropies.mean()),
        "entropy_se": float(entropies.std(ddof=1) / np.sqrt(len(entropies))) if len(entropies) > 1 else np.nan,
        "label_agreement": agreement,
        "reason": "" if judge else "no run on real images judges the labels; set practice.comparison.real",
    }
