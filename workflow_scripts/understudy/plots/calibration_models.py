"""Table 4 of Synthetic Data for Model Selection as a figure: rank correlation by the number of calibration models."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.loading import over_draws
from understudy.tables import read_table

COLUMNS = 3
LOOKS = {
    "none": ("no calibration", style.GREY, "o"),
    "ridge": ("ridge", style.BLUE, "s"),
    "adaptive": ("adaptive", style.VERMILION, "D"),
}


def plot_calibration_models(table: str | Path, splits: Sequence[str], real: str, output: str | Path) -> None:
    """Read the table ``calibration_models`` and write the figure; ``real`` is the set of the calibration images."""
    style.save(calibration_models_figure(read_table(table, "calibration_models"), splits, real), output)


def calibration_models_figure(table: pd.DataFrame, splits: Sequence[str], real: str) -> Figure:
    """Draw a panel per split and synthetic set, top-1: mean and 95 % range of Spearman over splits of the models."""
    table = over_draws(table[table["metric"] == "top1"])
    places = [
        (split, name)
        for split in splits
        for name in dict.fromkeys(table.loc[(table["split"] == split) & (table["set"] != real), "set"])
    ]
    columns = min(COLUMNS, len(places))
    rows = -(-len(places) // columns)
    figure, axes = style.panels(rows, columns, width=3.3 * columns + 0.4, height=3.0)
    panels = axes.ravel()
    for panel, (split, name) in zip(panels, places, strict=False):
        mine = table[table["split"] == split]
        _lines(panel, mine[mine["set"] == name], mine[mine["set"] == real])
        panel.set_title(f"{split}: {name}" if split else name, loc="left")
        panel.set_xlabel("Calibration models")
    for panel in panels[len(places) :]:
        panel.set_axis_off()
    for row in axes:
        row[0].set_ylabel("Spearman correlation")
    handles, labels = panels[0].get_legend_handles_labels()
    style.legend(figure, handles, len(handles), labels)
    style.title(
        figure,
        f"Rank correlation of the other models; bars: 95 % of {table['repeats'].max():,} splits of the models",
        size=11,
    )
    return figure


def _lines(panel: Axes, rows: pd.DataFrame, real: pd.DataFrame) -> None:
    counts = sorted(rows["calibration_models"].unique())
    for shift, (method, (label, colour, marker)) in enumerate(LOOKS.items()):
        mine = rows[rows["method"] == method].sort_values("calibration_models")
        # By place, not by number: 5, 10, 25, 50 stand evenly apart, and methods beside each other.
        x = [counts.index(count) + 0.12 * (shift - 1) for count in mine["calibration_models"]]
        bars = style.spans(mine["spearman"], mine["ci_low"], mine["ci_high"])
        panel.errorbar(
            x, mine["spearman"], yerr=bars, color=colour, marker=marker, markersize=5, capsize=2, label=label
        )
    if not real.empty:
        level = real["spearman"].mean()
        panel.axhline(level, color=style.GREEN, linestyle="--", linewidth=1.2, label="real calibration images, plain")
    panel.set_xticks(range(len(counts)), [str(count) for count in counts])
    panel.set_ylim(top=1.02)
