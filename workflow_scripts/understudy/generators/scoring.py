"""Score a generator's snapshots by Frechet distance and choose the best: what training leaves open, and no more.

Only training images are looked at. The lowest of several noisy figures is optimistic: report the chosen snapshot's
distance on images of other seeds (:func:`generated_distance` once more), not the one that chose it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from understudy.errors import StudyError
from understudy.generators.sampling import TrainedGenerator, load_generator
from understudy.metrics.frechet import frechet_distance
from understudy.seeds import seed_for
from understudy.statistics.tie_breaking import best_first

Extract = Callable[[np.ndarray], np.ndarray]

# Images generated to score a snapshot: as many as there are training images, but no fewer and no more than this.
MIN_IMAGES, MAX_IMAGES = 2_000, 50_000


def generated_distance(generator: TrainedGenerator, extract: Extract, reference: np.ndarray, labels: np.ndarray,
                       seed: int) -> float:  # fmt: skip
    """Return the Frechet distance of generated images to reference features.

    Parameters
    ----------
    extract : function
        Maps uint8 images [N, C, H, W] to float features [N, D].
    reference : float array [M, D]
    labels : int64 array [N]
        One image is generated per label.

    """
    seeds = np.array([seed_for(seed, "image", number) for number in range(len(labels))], dtype=np.int64)
    return frechet_distance(extract(generator.sample(labels, seeds)), reference)


def score_snapshots(paths: Sequence[str | Path], extract: Extract, images: np.ndarray, labels: np.ndarray, seed: int,
                    device: torch.device | str = "cpu") -> pd.DataFrame:  # fmt: skip
    """Score snapshots against the images they were trained on and mark the best.

    All snapshots are scored on the same seeds, which takes the latents' noise out of their comparison.

    Parameters
    ----------
    images : uint8 array [M, C, H, W]
        The training images; ``labels`` [M] are theirs, and generated images have classes in the same proportions.

    Returns
    -------
    DataFrame
        ``snapshot`` (file name), ``images_seen``, ``fid`` and ``selected``: the lowest ``fid``, of equal ones the
        latest.

    Raises
    ------
    StudyError
        If there is no snapshot.

    """
    if not paths:
        raise StudyError("no snapshot to score; train the generator first")
    reference = extract(images)
    wanted = np.resize(labels, min(max(len(labels), MIN_IMAGES), MAX_IMAGES))
    rows = []
    for path in sorted(Path(path) for path in paths):
        generator = load_generator(path, device)
        distance = generated_distance(generator, extract, reference, wanted, seed)
        rows.append({"snapshot": path.name, "images_seen": generator.about.images_seen, "fid": distance})
    scores = pd.DataFrame(rows).sort_values("images_seen", ignore_index=True)
    best = best_first(scores.rename(columns={"images_seen": "epoch"}), "fid")[0]
    return scores.assign(selected=scores.index == best)


def select_snapshot(scores: pd.DataFrame) -> str:
    """Return the file name of the selected snapshot."""
    return scores.loc[scores["selected"], "snapshot"].item()
