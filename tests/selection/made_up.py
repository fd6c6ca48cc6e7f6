"""Studies with known true errors: counts, predictions and labels as the evaluation writes them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from understudy.statistics.sampling_covariance import ErrorCovariance, error_covariance

CLASSES = 10


def runs_of(architectures: int, seeds: int, regime: str = "full", family: str = "standard") -> pd.DataFrame:
    """One row per run, sorted by architecture and seed."""
    rows = [
        {
            "draw": 0,
            "split": "Train300",
            "regime": regime,
            "family": family,
            "architecture": f"{family}{a:03d}",
            "seed": s,
        }
        for a in range(architectures)
        for s in range(seeds)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(run=frame["architecture"] + "-s" + frame["seed"].astype(str))


def draw_wrong(errors: np.ndarray, images: int, rng: np.random.Generator, common: float = 0.5) -> np.ndarray:
    """Misses [..., images] of models with true `errors` [...], sharing the images' difficulty.

    Runs and epochs agree more than chance: a latent hardness of each image makes `common` of the variance.
    """
    from scipy import special

    hardness = np.sqrt(common) * rng.standard_normal(images)
    own = np.sqrt(1 - common) * rng.standard_normal((*errors.shape, images))
    return hardness + own < special.ndtri(errors)[..., None]


def labels_of(images: int) -> np.ndarray:
    return np.arange(images) % CLASSES


def tables(runs: pd.DataFrame, name: str, wrong: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts and predictions of `runs` on the set `name` from misses [runs, epochs, images]; epochs count from 1."""
    count, epochs, images = wrong.shape
    labels = labels_of(images)
    half = (np.arange(images) // CLASSES) % 2
    cells = [(label, h, (labels == label) & (half == h)) for label in range(CLASSES) for h in range(2)]
    cells = [cell for cell in cells if cell[2].any()]
    frame = runs.loc[runs.index.repeat(epochs * len(cells))].reset_index(drop=True)
    frame["set"] = name
    frame["epoch"] = np.tile(np.repeat(np.arange(1, epochs + 1), len(cells)), count)
    for column, position in (("label", 0), ("half", 1)):
        frame[column] = np.tile([cell[position] for cell in cells], count * epochs)
    frame["images"] = np.tile([int(cell[2].sum()) for cell in cells], count * epochs)
    frame["errors"] = np.stack([wrong[..., mask].sum(axis=-1) for *_, mask in cells], axis=-1).ravel()
    kept = runs.loc[runs.index.repeat(epochs)].reset_index(drop=True)
    kept["set"] = name
    kept["epoch"] = np.tile(np.arange(1, epochs + 1), count)
    kept["is_last"] = kept["epoch"] == epochs
    kept["chosen_by"] = [[] for _ in range(len(kept))]
    kept["predicted"] = list(((labels + wrong) % CLASSES).reshape(-1, images).astype(np.int16))
    return frame, kept


def study(parts: Mapping[tuple[str, str], tuple[pd.DataFrame, np.ndarray]]) -> tuple[pd.DataFrame, dict]:
    """Counts and sampling covariances of one draw's split from {(regime, set): (runs, misses)}."""
    counts, predictions = [], {}
    for (_, name), (runs, wrong) in parts.items():
        frame, kept = tables(runs, name, wrong)
        counts.append(frame)
        predictions.setdefault(name, []).append(kept)
    covariances: dict[tuple[int, str, str], ErrorCovariance] = {}
    for name, frames in predictions.items():
        both = pd.concat(frames, ignore_index=True)
        covariances[0, "Train300", name] = error_covariance(both, labels_of(len(both["predicted"].iloc[0])))
    return pd.concat(counts, ignore_index=True), covariances


def as_draw(counts: pd.DataFrame, covariances: dict, draw: int) -> tuple[pd.DataFrame, dict]:
    """The same study under another draw's number."""
    return counts.assign(draw=draw), {(draw, split, name): value for (_, split, name), value in covariances.items()}


def typical(
    seed: int, architectures: int = 5, seeds: int = 4, epochs: int = 3, images: int = 400, families: int = 1
) -> tuple[pd.DataFrame, dict]:
    """A small study with differing architectures and runs, full and subtrain, sets test, gan, noise and validation."""
    rng = np.random.default_rng(seed)
    names = ["standard", "rwnn"][:families]
    parts = {}
    for regime, sets in (("full", ["test", "gan", "noise"]), ("subtrain", ["test", "validation"])):
        runs = pd.concat([runs_of(architectures, seeds, regime, name) for name in names], ignore_index=True)
        base = np.repeat(np.tile(np.linspace(0.08, 0.3, architectures), families), seeds)
        true = base[:, None] + rng.normal(0, 0.015, (len(runs), 1)) + np.linspace(0.1, 0, epochs)
        true = np.clip(true + (0.03 if regime == "subtrain" else 0), 0.01, 0.9)
        for name in sets:
            errors = np.full_like(true, 0.4) if name == "noise" else true
            size = images // 4 if name == "validation" else images
            parts[regime, name] = (runs, draw_wrong(errors, size, rng))
    return study(parts)


SMALL = {"architectures": 2, "seeds": 3, "epochs": 2, "images": 100}
"""A study for what doesn't depend on its size."""


def without(counts: pd.DataFrame, architecture: str, regime: str) -> pd.DataFrame:
    """The counts of a study in which all of an architecture's runs of a regime failed before their first snapshot."""
    return counts[~((counts["architecture"] == architecture) & (counts["regime"] == regime))]


def cut_short(counts: pd.DataFrame, covariances: dict, run: str, last: int) -> tuple[pd.DataFrame, dict]:
    """The study in which a run failed, in both regimes, after the snapshot of epoch `last`."""
    kept = {}
    for key, value in covariances.items():
        at = np.flatnonzero(~((value.rows["run"] == run) & (value.rows["epoch"] > last)))
        rows = value.rows.iloc[at].reset_index(drop=True)
        kept[key] = ErrorCovariance(rows, value.covariance[np.ix_(at, at)], value.images)
    return counts[~((counts["run"] == run) & (counts["epoch"] > last))], kept


def row(table: pd.DataFrame, **keys) -> pd.Series:
    """Return the one row whose columns have these values."""
    for column, value in keys.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]
