"""What guidance does to images: the same seeds and classes at several strengths, for a person to look at."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from understudy.data.shards import read_images
from understudy.files import read_json
from understudy.plots import style
from understudy.plots.samples import blocks_figure

IMAGES_PER_CLASS = 6
MOST_CLASSES = 10


def plot_guided_images(folders: Mapping[float, str | Path], classes: str | Path, output: str | Path) -> None:
    """Read the added images of a sweep's runs, by omega, and write the figure."""
    names = read_json(classes)["classes"][:MOST_CLASSES]
    blocks = {f"ω = {omega:g}": [_first(path, label) for label in range(len(names))] for omega, path in folders.items()}
    title = "Guided images, unpicked; the same seeds at each strength"
    style.save(blocks_figure(blocks, names, IMAGES_PER_CLASS, title), output)


def _first(path: str | Path, label: int) -> np.ndarray:
    data = read_images(path)
    places = np.flatnonzero((data.columns["addition"] == 1) & (data.labels == label))
    return data.images[places[:IMAGES_PER_CLASS]]
