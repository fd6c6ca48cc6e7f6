"""Figures 8 and 9 of Synthetic Data for Model Selection: real and synthetic images; and the closest pairs of both."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from understudy.plots import style

GAP = 1  # white pixels between images


def mosaic(rows: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Arrange rows of images, each uint8 [n <= columns, C, H, W], on white: uint8 [height, width, 3]."""
    _, _, height, width = rows[0].shape
    canvas = np.full((len(rows) * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            top, left = row * (height + GAP), column * (width + GAP)
            # [C, H, W] -> [H, W, C]; one channel is repeated to three by broadcasting
            canvas[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return canvas


def samples_figure(sets: Mapping[str, Sequence[np.ndarray]], names: Sequence[str], columns: int, title: str) -> Figure:
    """Draw each set's images side by side: a row for each class, ``columns`` images wide.

    ``sets``: by name, for each class an uint8 array [n, C, H, W]; ``names``: the classes' names.
    """
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
        panel.set_yticks((height + GAP) * np.arange(len(rows)) + (height - 1) / 2, names)
        if panel is not axes[0, 0]:
            panel.tick_params(labelleft=False)
    style.title(figure, title)
    return figure


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
        pairs = np.stack(images[name], axis=1)  # [n, 2, C, H, W]
        for panel, pair, images_of_pair in zip(row, table.itertuples(), pairs, strict=False):
            panel.imshow(mosaic([images_of_pair], 2), interpolation="nearest")
            held_out = "" if np.isnan(pair.held_out_distance) else f"\nheld out {pair.held_out_distance:.2f}"
            panel.set_xlabel(f"train {pair.distance:.2f}{held_out}", fontsize=9)
        row[0].set_ylabel(name)
    meaning = "synthetic images (left of each pair) nearest to a training image (right); feature distances"
    style.title(figure, f"{split}: {meaning}", size=11)
    return figure
