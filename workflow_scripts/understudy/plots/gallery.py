"""The gallery of appendix I: images of highest, lowest and zero weight, and the weights of a class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.images import mosaic, read_at
from understudy.ranking.weights import gallery_images
from understudy.tables import read_table

KINDS = {"highest": "Highest positive weight", "lowest": "Lowest negative weight", "zero": "Zero weight"}
EACH = 2  # images of each kind, as in the paper


def plot_gallery(
    title: str,
    weights: str | Path,
    images: Mapping[str, str | Path],
    classes: Sequence[str],
    shown: Sequence[int],
    output: str | Path,
) -> None:
    """Read one ranking's table ``image_weights`` and the images that it names; write the figure.

    ``images`` gives each set's file or folder of shards, ``shown`` the classes to show, at most.
    """
    table = read_table(weights, "image_weights")
    rows = []
    for label in shown:
        for name, path in images.items():
            mine = table[(table["set"] == name) & (table["label"] == label)]
            if mine.empty:
                continue
            chosen = gallery_images(mine, label, EACH)
            pictures = {kind: _pictures(path, places) for kind, places in chosen.items()}
            rows.append((name, classes[label], pictures, chosen, mine))
    style.save(gallery_figure(title, rows), output)


def gallery_figure(
    title: str, rows: Sequence[tuple[str, str, dict[str, list[np.ndarray]], dict[str, list[int]], pd.DataFrame]]
) -> Figure:
    """Draw a row per class and set.

    ``rows``: name of the set, of the class, uint8 images [C, H, W] by kind, their places in the set, and the class's
    rows of ``image_weights``.
    """
    figure, axes = style.panels(
        max(len(rows), 1), len(KINDS) * EACH + 1, width=10.5, height=1.35, width_ratios=[1] * len(KINDS) * EACH + [2]
    )
    for row, (name, label, pictures, places, mine) in zip(axes, rows, strict=False):
        weights = mine.set_index("image")["weight"]
        panels = iter(row)
        for kind in KINDS:
            for place in range(EACH):
                _image(next(panels), pictures[kind], places[kind], weights, place)
        row[0].set_ylabel(f"{label}\n{name}", fontsize=8)
        _distribution(row[-1], weights.to_numpy())
    for panel, kind in zip(axes[0, ::EACH], KINDS.values(), strict=False):
        panel.set_title(kind, loc="left")
    axes[0, -1].set_title("All weights of the class")
    axes[-1, -1].set_xlabel("weight w")
    style.title(figure, f"{title}: what images weigh in the ridge calibration", size=11)
    return figure


def _pictures(path: str | Path, places: Sequence[int]) -> list[np.ndarray]:
    return list(read_at(path, places)) if places else []


def _image(panel: Axes, pictures: list[np.ndarray], places: list[int], weights: pd.Series, place: int) -> None:
    style.bare(panel)
    if place < len(pictures):
        panel.imshow(mosaic([pictures[place][None]], 1), interpolation="nearest")
        panel.set_xlabel(f"w = {weights[places[place]]:+.3f}".replace("+0.000", "0"), fontsize=8)
    else:
        panel.text(0.5, 0.5, "none", ha="center", va="center", transform=panel.transAxes, color=style.GREY, fontsize=8)


def _distribution(panel: Axes, weights: np.ndarray) -> None:
    panel.hist(weights, bins=31, color=style.BLUE)
    panel.axvline(0, color=style.GREY, linewidth=0.8)
    panel.locator_params(axis="x", nbins=5)
    panel.tick_params(labelsize=7)
    panel.set_ylabel("images", fontsize=8)
    zero = int((weights == 0).sum())
    panel.text(
        0.98, 0.95, f"n = {len(weights)}\nzero: {zero}", ha="right", va="top", transform=panel.transAxes, fontsize=7
    )
