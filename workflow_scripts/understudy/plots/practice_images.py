"""What guidance does to images: the same seeds and classes at several strengths, for a person to look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from understudy.data.shards import read_images
from understudy.files import read_json
from understudy.plots import style
from understudy.plots.images import GAP, mosaic

IMAGES_PER_CLASS = 6
MOST_CLASSES = 10


def plot_guided_images(folders: Mapping[float, str | Path], classes: str | Path, output: str | Path) -> None:
    """Read the added images of a sweep's runs, by omega, and write the figure."""
    names = read_json(classes)["classes"][:MOST_CLASSES]
    rows = {omega: [_first(path, label) for label in range(len(names))] for omega, path in folders.items()}
    style.save(guided_images_figure(rows, names), output)


def _first(path: str | Path, label: int) -> np.ndarray:
    data = read_images(path)
    places = np.flatnonzero((data.columns["addition"] == 1) & (data.labels == label))
    return data.images[places[:IMAGES_PER_CLASS]]


def guided_images_figure(images: Mapping[float, Sequence[np.ndarray]], names: Sequence[str]) -> Figure:
    """Draw a block of images for each strength: a row for each class, the same seeds in the same places.

    ``images``: by omega, for each class an uint8 array [n, C, H, W].
    """
    side = 0.3  # inches of an image
    width = 1.1 + len(images) * (IMAGES_PER_CLASS * side + 0.25)
    figure, axes = style.panels(1, len(images), width=width, height=0.9 + len(names) * side)
    figure.get_layout_engine().set(w_pad=0.1)
    for panel, (omega, rows) in zip(axes[0], images.items(), strict=True):
        panel.imshow(mosaic(rows, IMAGES_PER_CLASS), interpolation="nearest")
        panel.set_title(f"ω = {omega:g}")
        panel.grid(visible=False)
        panel.set_xticks([])
        height = rows[0].shape[2]
        panel.set_yticks([(height + GAP) * row + (height - 1) / 2 for row in range(len(rows))], names)
        if panel is not axes[0, 0]:
            panel.tick_params(labelleft=False)
        for spine in panel.spines.values():
            spine.set_visible(False)
    figure.suptitle("Guided images, unpicked; the same seeds at each strength")
    return figure
