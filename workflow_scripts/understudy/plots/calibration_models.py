"""Table 4 of Synthetic Data for Model Selection as a figure: rank correlation by the number of calibration models."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.frames import over_draws

COLUMNS = 3


def calibration_models_figure(table: pd.DataFrame, splits: Sequence[str], real: str) -> Figure:
    """Draw a panel per split and synthetic set, top-1: mean and 95 % range of Spearman over splits of the models.

    ``real``: the set of the real calibration images.
    """
    table = over_draws(table[table["metric"] == "top1"])
    is_real = table["set"] == real
    shown = [
        (split, name) for split in splits for name in table.loc[(table["split"] == split) & ~is_real, "set"].unique()
    ]
    columns = min(COLUMNS, len(shown))
    figure, axes = style.grid(len(shown), columns, width=3.3 * columns + 0.4, height=3.0)
    for panel, (split, name) in zip(axes.flat, shown, strict=False):
        mine = table["split"] == split
        _draw_lines(panel, table[mine & (table["set"] == name)], table[mine & is_real])
        panel.set_title(f"{split}: {name}" if split else name, loc="left")
        panel.set_xlabel("Calibration models")
    for row in axes:
        row[0].set_ylabel("Spearman correlation")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    style.legend(figure, handles, len(handles), labels)
    splits_of_models = f"bars: 95 % of {table['repeats'].max():,} splits of the models"
    style.title(figure, f"Rank correlation of the other models; {splits_of_models}", size=11)
    return figure


def _draw_lines(panel: Axes, rows: pd.DataFrame, real: pd.DataFrame) -> None:
    counts = sorted(rows["calibration_models"].unique())
    for shift, (method, look) in enumerate(style.CALIBRATION_METHODS.items()):
        mine = rows[rows["method"] == method].sort_values("calibration_models")
        # By index, not by number: 5, 10, 25, 50 stand evenly apart, and methods beside each other.
        x = [counts.index(count) + 0.12 * (shift - 1) for count in mine["calibration_models"]]
        bars = style.spans(mine["spearman"], mine["ci_low"], mine["ci_high"])
        panel.errorbar(x, mine["spearman"], bars, color=look.colour, marker=look.marker, markersize=5, capsize=2,
                       label=look.label)  # fmt: skip
    if not real.empty:
        level = real["spearman"].mean()
        panel.axhline(level, color=style.GREEN, linestyle="--", linewidth=1.2, label="real calibration images, plain")
    panel.set_xticks(range(len(counts)), [str(count) for count in counts])
    panel.set_ylim(top=1.02)
