"""The gallery of appendix I: images of highest, lowest and zero weight, and the weights of a class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.samples import mosaic

KINDS = {"highest": "Highest positive weight", "lowest": "Lowest negative weight", "zero": "Zero weight"}
EACH = 2  # images of each kind, as in the paper


@dataclass(frozen=True)
class GalleryRow:
    """What the gallery shows of a set's images of one class.

    ``weights`` are those of all its images, by their index in the set; ``chosen`` are the indices of the images shown
    of each kind, and ``images`` these images, uint8 [n, C, H, W].
    """

    set_name: str
    class_name: str
    weights: pd.Series
    chosen: Mapping[str, Sequence[int]]
    images: Mapping[str, np.ndarray]


def gallery_figure(title: str, rows: Sequence[GalleryRow]) -> Figure:
    """Draw a row per class and set."""
    pictures = len(KINDS) * EACH
    figure, axes = style.panels(
        max(len(rows), 1), pictures + 1, width=10.5, height=1.35, width_ratios=[1] * pictures + [2]
    )
    for panels, row in zip(axes, rows, strict=False):
        shown = [(kind, number) for kind in KINDS for number in range(EACH)]
        for panel, (kind, number) in zip(panels, shown, strict=False):
            _draw_image(panel, row, kind, number)
        panels[0].set_ylabel(f"{row.class_name}\n{row.set_name}", fontsize=8)
        _draw_distribution(panels[-1], row.weights.to_numpy())
    for panel, name in zip(axes[0, ::EACH], KINDS.values(), strict=False):
        panel.set_title(name, loc="left")
    axes[0, -1].set_title("All weights of the class")
    axes[-1, -1].set_xlabel("weight w")
    style.title(figure, f"{title}: what images weigh in the ridge calibration", size=11)
    return figure


def _draw_image(panel: Axes, row: GalleryRow, kind: str, number: int) -> None:
    style.bare(panel)
    if number < len(row.chosen[kind]):
        panel.imshow(mosaic([row.images[kind][number][None]], 1), interpolation="nearest")
        weight = row.weights[row.chosen[kind][number]]
        panel.set_xlabel(f"w = {weight:+.3f}".replace("+0.000", "0"), fontsize=8)
    else:
        panel.text(0.5, 0.5, "none", ha="center", va="center", transform=panel.transAxes, color=style.GREY, fontsize=8)


def _draw_distribution(panel: Axes, weights: np.ndarray) -> None:
    panel.hist(weights, bins=31, color=style.BLUE)
    panel.axvline(0, color=style.GREY, linewidth=0.8)
    panel.locator_params(axis="x", nbins=5)
    panel.tick_params(labelsize=7)
    panel.set_ylabel("images", fontsize=8)
    counts = f"n = {len(weights)}\nzero: {(weights == 0).sum()}"
    panel.text(0.98, 0.95, counts, ha="right", va="top", transform=panel.transAxes, fontsize=7)
