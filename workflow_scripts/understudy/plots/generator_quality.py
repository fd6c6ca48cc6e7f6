"""How good the generators are: distances, total variation with its control, copying, and the course of training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.frames import in_order, plural


def generator_quality_figure(table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> Figure:
    """Draw a line per split and generator, with one marker per draw and hollow ones for the controls."""
    table = table[(table["label"] == "all") & (table["draw"] >= 0)]
    lines = [
        (split, name)
        for split in splits
        for name in in_order(table.loc[table["split"] == split, "generator"], generators)
    ]
    figure, axes = style.panels(1, 3, width=11.5, height=1.7 + 0.32 * len(lines), sharey=True)
    distances, variation, copying = axes[0]
    for height, (split, name) in enumerate(lines):
        mine = table[(table["split"] == split) & (table["generator"] == name)]
        colour, marker = style.generator_look(name, generators)
        look = {"color": colour, "marker": marker, "linestyle": "none"}
        heights = np.full(len(mine), height)
        distances.plot(mine["fid"], heights, gid="fid", **look)
        distances.plot(mine["fid_equal_n"], heights, **style.HOLLOW, gid="fid_equal_n", **look)
        value, low, high = style.percents(mine, "total_variation", "total_variation_ci_low", "total_variation_ci_high")
        variation.errorbar(value, heights, xerr=style.spans(value, low, high), capsize=3, **look)
        null = style.percent(mine["total_variation_null"])
        variation.plot(null, heights, gid="total_variation_null", **style.HOLLOW, **look)
        excess, excess_null = style.percents(mine, "nearest_train_excess", "nearest_train_excess_null")
        copying.plot(excess, heights, **look)
        copying.plot(excess_null, heights, **style.HOLLOW, **look)
    extractors = ", ".join(sorted(table["feature_extractor"].unique()))
    distances.set_xlim(left=0)
    distances.set_xlabel(
        f"Frechet distance to train\n(hollow: to an equal number for all splits)\nfeatures: {extractors}"
    )
    variation.set_xlabel(
        "Total variation to held-out images (%),\nbars: 95 % of the repeats\n(hollow: real against real)"
    )
    copying.set_xlabel("Nearer to train than to held-out,\nexcess over half (points)\n(hollow: real held-out images)")
    for panel, column in ((variation, "total_variation"), (copying, "nearest_train_excess")):
        if table[column].isna().all():
            style.say(panel, "no held-out images,\nor too few")
    copying.axvline(0, color=style.BLACK, linewidth=0.9)
    distances.set_yticks(range(len(lines)), [f"{split}: {name}" for split, name in lines])
    distances.set_ylim(len(lines) - 0.5, -0.5)
    draws = plural(table["draw"].nunique(), "draw")
    images = f"{table['images'].min():,} images or more each"
    style.title(figure, f"Quality of the synthetic sets: {images}, {draws} of the splits")
    return figure


def snapshot_scores_figure(scores: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]) -> Figure:
    """Draw the Frechet distance of snapshots against the images seen, a panel per split; rings mark the selected.

    ``scores``: table ``snapshot_scores`` with the columns draw, split and generator.
    """
    figure, axes = style.panels(1, len(splits), width=max(3.6 * len(splits), 5), height=3.8, sharey=True)
    for panel, split in zip(axes[0], splits, strict=True):
        for (name, _), mine in scores[scores["split"] == split].groupby(["generator", "draw"]):
            colour, marker = style.generator_look(name, generators)
            mine = mine.sort_values("images_seen").assign(thousands=lambda rows: rows["images_seen"] / 1000)
            panel.plot("thousands", "fid", data=mine, color=colour, marker=marker, markersize=4, gid=name)
            panel.plot("thousands", "fid", "o", data=mine[mine["selected"]], color=colour, **style.RING)
        panel.set_yscale("log")
        panel.set_title(split)
        panel.set_xlabel("Real images seen (thousands)")
    style.plain_numbers(axes[0, 0].yaxis)
    axes[0, 0].set_ylabel("Frechet distance to train")
    handles = []
    for name in in_order(scores["generator"], generators):
        colour, marker = style.generator_look(name, generators)
        handles.append(style.handle(name, colour, marker, "-"))
    style.legend(figure, handles, 4)
    style.title(figure, "Snapshots of the generators; a ring marks the selected one")
    return figure
