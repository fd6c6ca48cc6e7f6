"""Figures 2 and 6 of Synthetic Data for Model Selection: what choosing epoch and seed gains, by architecture."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from understudy.plots import style
from understudy.plots.loading import choosing_sets, over_draws, with_columns
from understudy.tables import read_table

METHODS = ("es", "rss", "es_rss")
# A family of more architectures is drawn by its mean alone: the panel would be taller than a page.
MOST_ARCHITECTURES = 32


def plot_selection_gain(table: str | Path, split: str, generators: Sequence[str], output: str | Path) -> None:
    """Read the table ``selection_gain`` and write the figure of one split."""
    style.save(selection_gain_figure(read_table(table, "selection_gain"), split, generators), output)


def selection_gain_figure(table: pd.DataFrame, split: str, generators: Sequence[str]) -> Figure:
    """Draw a panel per choosing set, with a line per architecture and one for each family's mean, ``all``.

    A filled marker is the gain on test images with its interval, a hollow one what the choosing images claim.
    """
    table = over_draws(with_columns(table, ["gain", "ci_low", "ci_high"]))
    table = table[(table["split"] == split) & table["method"].isin(METHODS)]
    sets = choosing_sets(table, [split], generators)
    lines = _lines(table)
    # Two columns of the legend take a page's width.
    figure, axes = style.panels(
        1,
        len(sets),
        width=max(2 + 2.5 * len(sets), style.WIDTH),
        height=2 + 0.36 * len(lines),
        sharey=True,
        sharex=True,
    )
    for panel, name in zip(axes[0], sets, strict=True):
        _draw_panel(panel, table[table["generator"] == name], lines)
        panel.set_title(f"chosen by {name}", loc="left")
        panel.set_xlabel("Gain (percentage points)")
    axes[0, 0].set_yticks(range(len(lines)), [_line_label(*line) for line in lines])
    axes[0, 0].set_ylim(len(lines) - 0.5, -0.5)
    style.legend(figure, _handles(), 2)
    runs = int(table.loc[table["architecture"] != "all", "runs"].max())
    style.title(
        figure, f"{split}: gain over the mean run at its last epoch; {runs} runs an architecture, bars: 95 % intervals"
    )
    return figure


def _lines(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (family, architecture) from top to bottom: the families' means, then the architectures of each."""
    pairs = table[["family", "architecture"]].drop_duplicates()
    families = [family for family in style.FAMILIES if family in set(pairs["family"])]
    lines = [(family, "all") for family in families]
    for family in families:
        names = sorted(set(pairs.loc[pairs["family"] == family, "architecture"]) - {"all"})
        if len(names) <= MOST_ARCHITECTURES:
            lines += [(family, name) for name in names]
    return lines


def _line_label(family: str, architecture: str) -> str:
    return f"mean of {family}" if architecture == "all" else architecture


def _draw_panel(panel: Axes, rows: pd.DataFrame, lines: list[tuple[str, str]]) -> None:
    means = sum(architecture == "all" for _, architecture in lines)
    panel.axhspan(-0.5, means - 0.5, color="#eeeeee", zorder=0)
    panel.axvline(0, color=style.BLACK, linewidth=0.9, zorder=1)
    place = {line: number for number, line in enumerate(lines)}
    for offset, method in zip((-0.25, 0.0, 0.25), METHODS, strict=True):
        mine = rows[rows["method"] == method]
        keys = list(zip(mine["family"], mine["architecture"], strict=True))
        shown = mine[[key in place for key in keys]]
        heights = [place[key] + offset for key in keys if key in place]
        _, colour, marker = style.METHODS[method]
        gain, low, high = (style.percent(shown[column]) for column in ("gain", "ci_low", "ci_high"))
        panel.errorbar(
            gain, heights, xerr=style.spans(gain, low, high), fmt=marker, color=colour, markersize=4, elinewidth=1
        )
        claimed = style.percent(shown["apparent_gain"])
        panel.plot(
            claimed, heights, marker, color=colour, markersize=6.5, markerfacecolor="none", gid=f"{method} claimed"
        )
    panel.grid(axis="y", visible=False)


def _handles() -> list[Line2D]:
    handles = []
    for filled, meaning in ((True, "gain on test images"), (False, "claimed by the choosing images")):
        for method in METHODS:
            label, colour, marker = style.METHODS[method]
            face = colour if filled else "none"
            handles.append(
                Line2D(
                    [],
                    [],
                    color=colour,
                    marker=marker,
                    linestyle="none",
                    markerfacecolor=face,
                    label=f"{label}: {meaning}",
                )
            )
    return handles
