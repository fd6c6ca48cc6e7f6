"""Figures 8 and 9 of Synthetic Data for Model Selection: real and synthetic images; and the closest pairs of both."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from understudy.files import read_json
from understudy.plots import style
from understudy.plots.images import GAP, first_of_classes, mosaic, read_at
from understudy.tables import read_table

IMAGES_PER_CLASS = 8
MOST_CLASSES = 20
PAIRS = 8


def plot_sample_grid(
    split: str, train: str | Path, shards: Mapping[str, str | Path], classes: str | Path, output: str | Path
) -> None:
    """Read the first images of each class of a split's train file and of each generator's shards; write the figure."""
    names = read_json(classes)["classes"]
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_CLASSES)).round().astype(int))
    sets = {"real (train)": first_of_classes(train, shown, IMAGES_PER_CLASS)}
    sets |= {name: first_of_classes(path, shown, IMAGES_PER_CLASS) for name, path in shards.items()}
    style.save(sample_grid_figure(split, sets, [names[label] for label in shown]), output)


def sample_grid_figure(split: str, sets: Mapping[str, Sequence[np.ndarray]], names: Sequence[str]) -> Figure:
    """Draw each set's images side by side, a row of ``IMAGES_PER_CLASS`` for each class.

    ``sets``: by name, for each class an uint8 array [n, C, H, W]; ``names``: the classes' names.
    """
    return blocks_figure(sets, names, IMAGES_PER_CLASS, f"{split}: the first images of each class, unpicked")


def blocks_figure(sets: Mapping[str, Sequence[np.ndarray]], names: Sequence[str], columns: int, title: str) -> Figure:
    """Draw a block of images for each set: a row for each class, ``columns`` images wide."""
    side = 0.3  # inches of an image
    figure, axes = style.panels(
        1, len(sets), width=1.1 + len(sets) * (columns * side + 0.25), height=0.9 + len(names) * side
    )
    figure.get_layout_engine().set(w_pad=0.1)  # sets stand further apart than their images
    for panel, (name, rows) in zip(axes[0], sets.items(), strict=True):
        panel.imshow(mosaic(rows, columns), interpolation="nearest")
        panel.set_title(name)
        style.bare(panel)
        height = rows[0].shape[2]
        panel.set_yticks([(height + GAP) * row + (height - 1) / 2 for row in range(len(rows))], names)
        if panel is not axes[0, 0]:
            panel.tick_params(labelleft=False)
    style.title(figure, title)
    return figure


def plot_closest_pairs(
    split: str,
    train: str | Path,
    shards: Mapping[str, str | Path],
    pairs: Mapping[str, str | Path],
    output: str | Path,
) -> None:
    """Read each generator's table ``closest_pairs`` and the images that it names; write the figure."""
    tables, images = {}, {}
    for name, path in pairs.items():
        tables[name] = read_table(path, "closest_pairs").sort_values("rank").head(PAIRS)
        images[name] = (
            read_at(shards[name], tables[name]["synthetic_index"]),
            read_at(train, tables[name]["train_index"]),
        )
    style.save(closest_pairs_figure(split, tables, images), output)


def closest_pairs_figure(
    split: str, tables: Mapping[str, pd.DataFrame], images: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Draw a row per generator: each pair is a synthetic image (left) and its nearest training image (right).

    ``tables``: columns distance and held_out_distance, nearest first; ``images``: uint8 [n, C, H, W] of either side.
    """
    columns = max(len(table) for table in tables.values())
    figure, axes = style.panels(len(tables), columns, width=max(1.3 * columns, 6), height=1.45)
    figure.get_layout_engine().set(w_pad=0.12)  # pairs stand further apart than the two images of each
    for row, (name, table) in zip(axes, tables.items(), strict=True):
        for panel in row:
            style.bare(panel)
        for place, (panel, pair) in enumerate(zip(row, table.itertuples(), strict=False)):
            panel.imshow(mosaic([np.stack([side[place] for side in images[name]])], 2), interpolation="nearest")
            held_out = "" if np.isnan(pair.held_out_distance) else f"\nheld out {pair.held_out_distance:.2f}"
            panel.set_xlabel(f"train {pair.distance:.2f}{held_out}", fontsize=9)
        row[0].set_ylabel(name)
    style.title(
        figure,
        f"{split}: synthetic images (left of each pair) nearest to a training image (right); feature distances",
        size=11,
    )
    return figure
