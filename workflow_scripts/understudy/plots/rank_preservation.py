"""Figure 1 of Synthetic Data for Model Selection: test error against synthetic error, one point an architecture."""

from collections.abc import Sequence
from textwrap import shorten
from typing import NamedTuple

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.frames import (
    architecture_errors,
    last,
    over_draws,
    sample_size,
    selection_sets,
    with_columns,
)

COLUMNS = 3  # panels beside each other
CORRELATIONS = ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"]


def rank_preservation_figure(
    errors: pd.DataFrame, table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]
) -> Figure:
    """Draw a panel per split and selection set; a split begins a new row.

    Parameters
    ----------
    errors : errors of the runs' snapshots, as the figures' jobs read them
    table : table ``rank_preservation``

    """
    table = over_draws(with_columns(table, CORRELATIONS))
    table = table[table["level"] == "architecture"]
    ends = last(errors)
    # Sets that every split has come first and so stand one below the other.
    sets = selection_sets(table, splits, generators)
    shown = {split: [name for name in sets if name in set(_of(table, split)["generator"])] for split in splits}
    columns = min(COLUMNS, max(map(len, shown.values())))
    rows = [
        (split, names[start : start + columns])
        for split, names in shown.items()
        for start in range(0, len(names), columns)
    ]
    figure, axes = style.panels(len(rows), columns, width=3.4 * columns + 0.4, height=3.5)
    for panels, (split, names) in zip(axes, rows, strict=True):
        for panel, name in zip(panels, names, strict=False):
            scatter(panel, error_pairs(_of(ends, split), name))
            mine = _of(table, split)[lambda rows, name=name: rows["generator"] == name]
            panel.set_title(_title(split, name, mine), loc="left", linespacing=1.3)
            panel.set_xlabel("Validation error (%)" if name == "validation" else "Synthetic error (%)")
        panels[0].set_ylabel("Test error (%)")
        for panel in panels[len(names) :]:
            panel.set_axis_off()
    handles = family_handles(table["family"])
    style.legend(figure, handles, len(handles))
    size = f"means of {sample_size(ends)}; bars: 95 % of the mean"
    style.title(figure, f"Test error against the error on the selection set: {size}", size=11)
    return figure


def _of(table: pd.DataFrame, split: str) -> pd.DataFrame:
    return table[table["split"] == split]


def error_pairs(ends: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return mean errors on the set and on test images for each architecture, with half-widths: columns x, y, dx, dy.

    Of full runs for a synthetic set, of subtrain runs for ``validation``; ``ends`` are one split's last snapshots.
    """
    ends = ends[ends["regime"] == ("subtrain" if name == "validation" else "full")]
    on_set = architecture_errors(ends[ends["set"] == name]).rename(columns={"mean": "x", "half_width": "dx"})
    on_test = architecture_errors(ends[ends["set"] == "test"]).rename(columns={"mean": "y", "half_width": "dy"})
    return on_set.merge(on_test, on=["family", "architecture"])


def scatter(panel: Axes, points: pd.DataFrame) -> None:
    """Draw architectures as points with error bars, in percent; a line tells why where there is no test error."""
    if points.empty:
        style.say(panel, "no test images\nto compare with")
        return
    for family, mine in points.groupby("family"):
        look = style.FAMILIES[family]
        x, y, dx, dy = style.percents(mine, "x", "y", "dx", "dy")
        panel.errorbar(x, y, dy, dx, fmt="none", ecolor=look.colour, elinewidth=0.8, alpha=0.45, zorder=2)
        panel.plot(x, y, look.marker, color=look.colour, markersize=5, markeredgecolor="white", markeredgewidth=0.5,
                   gid=family)  # fmt: skip
    style.cut_below_zero(panel)


def why_missing(row: NamedTuple) -> str:
    """Say in a few words why a row of ``rank_preservation`` has no correlation: its own reason may be a sentence."""
    reason = row.reason or "none"
    # More models would not help a study without test images.
    if row.models < 3 and "no test set" not in reason:
        return "too few"
    return shorten(reason, 20, placeholder=" …")


def _title(split: str, name: str, mine: pd.DataFrame) -> str:
    lines = [f"{split}: {name}"]
    for row in mine.itertuples():
        if pd.isna(row.spearman):
            lines.append(f"{row.family}, n = {row.models}: {why_missing(row)}")
            continue
        lines.append(f"{row.family}: ρ = {row.spearman:.2f}, τ = {row.kendall:.2f}, n = {row.models}")
        if pd.notna(row.spearman_true):
            lines.append(f"   true ρ {row.spearman_true:.2f} [{row.ci_low:.2f}, {row.ci_high:.2f}]")
    return "\n".join(lines)


def family_handles(families: pd.Series, colour: str | None = None) -> list[Artist]:
    """Return what a legend says of these families; in one ``colour`` where colours stand for something else."""
    return [
        style.handle(look.label, colour or look.colour, look.marker)
        for family, look in style.FAMILIES.items()
        if family in set(families)
    ]
