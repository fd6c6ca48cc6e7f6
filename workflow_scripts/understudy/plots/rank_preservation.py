"""Figure 1 of Synthetic Data for Model Selection: test error against synthetic error, one point an architecture."""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from understudy.plots import style
from understudy.plots.loading import (
    architecture_errors,
    choosing_sets,
    last,
    over_draws,
    read_errors,
    sample_size,
    with_columns,
)
from understudy.tables import read_table

COLUMNS = 3  # panels beside each other
CORRELATIONS = ["spearman", "kendall", "spearman_true", "ci_low", "ci_high"]


def plot_rank_preservation(
    counts: Iterable[str | Path],
    table: str | Path,
    splits: Sequence[str],
    generators: Sequence[str],
    output: str | Path,
) -> None:
    """Read counts and the table ``rank_preservation`` and write the figure; orders as in the configuration."""
    frame = read_table(table, "rank_preservation")
    style.save(rank_preservation_figure(read_errors(counts), frame, splits, generators), output)


def rank_preservation_figure(
    errors: pd.DataFrame, table: pd.DataFrame, splits: Sequence[str], generators: Sequence[str]
) -> Figure:
    """Draw a panel per split and choosing set; a split begins a new row.

    Parameters
    ----------
    errors : rows of :func:`understudy.plots.loading.read_errors`
    table : table ``rank_preservation``

    """
    table = over_draws(with_columns(table, CORRELATIONS))
    table = table[table["level"] == "architecture"]
    ends = last(errors)
    shown = [(split, _in_columns(table, split, splits, generators)) for split in splits]
    columns = min(COLUMNS, max(len(sets) for _, sets in shown))
    places = [(split, sets[start : start + columns]) for split, sets in shown for start in range(0, len(sets), columns)]
    figure, axes = style.panels(len(places), columns, width=3.4 * columns + 0.4, height=3.5)
    for row, (split, sets) in zip(axes, places, strict=True):
        for panel, name in zip(row, sets, strict=False):
            mine = table[(table["split"] == split) & (table["generator"] == name)]
            scatter(panel, error_pairs(ends[ends["split"] == split], name))
            panel.set_title(_title(split, name, mine), loc="left", linespacing=1.3)
            panel.set_xlabel("Validation error (%)" if name == "validation" else "Synthetic error (%)")
        row[0].set_ylabel("Test error (%)")
        for panel in row[len(sets) :]:
            panel.set_axis_off()
    families = [family for family in style.FAMILIES if family in set(table["family"])]
    handles = [_handle(family) for family in families]
    style.legend(figure, handles, len(handles))
    style.title(
        figure, f"Test error against choosing error: means of {sample_size(ends)}; bars: 95 % of the mean", size=11
    )
    return figure


def _in_columns(table: pd.DataFrame, split: str, splits: Sequence[str], generators: Sequence[str]) -> list[str]:
    """Return a split's choosing sets; those that every split has come first and so stand one below the other."""
    here = set(table.loc[table["split"] == split, "generator"])
    return [name for name in choosing_sets(table, splits, generators) if name in here]


def error_pairs(ends: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return mean errors on the set and on test images for each architecture, with half-widths: columns x, y, dx, dy.

    Of full runs for a synthetic set, of subtrain runs for ``validation``; ``ends`` are one split's last snapshots.
    """
    regime = "subtrain" if name == "validation" else "full"
    ends = ends[ends["regime"] == regime]
    on_set = architecture_errors(ends[ends["set"] == name])
    on_test = architecture_errors(ends[ends["set"] == "test"])
    pairs = on_set.merge(on_test, on=["family", "architecture"], suffixes=("_set", "_test"))
    names = {"mean_set": "x", "mean_test": "y", "half_width_set": "dx", "half_width_test": "dy"}
    return pairs.rename(columns=names)


def scatter(panel: Axes, points: pd.DataFrame) -> None:
    """Draw architectures as points with error bars, in percent; a line tells why where there is no test error."""
    if points.empty:
        style.say(panel, "no test images\nto compare with")
        return
    for family, mine in points.groupby("family"):
        colour, marker = style.FAMILIES[family]
        x, y, dx, dy = (style.percent(mine[column]) for column in ("x", "y", "dx", "dy"))
        panel.errorbar(x, y, yerr=dy, xerr=dx, fmt="none", ecolor=colour, elinewidth=0.8, alpha=0.45, zorder=2)
        panel.plot(x, y, marker, color=colour, markersize=5, markeredgecolor="white", markeredgewidth=0.5, gid=family)
    style.cut_below_zero(panel)


def why_missing(row: NamedTuple) -> str:
    """Say in a few words why a row of ``rank_preservation`` has no correlation: its own reason may be a sentence."""
    reason = row.reason or "none"
    # More models would not help a study without test images.
    if row.models < 3 and "no test set" not in reason:
        return "too few"
    return textwrap.shorten(reason, 20, placeholder=" …")


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


def _handle(family: str) -> Line2D:
    colour, marker = style.FAMILIES[family]
    return Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"{family} family")
