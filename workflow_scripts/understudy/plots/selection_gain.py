"""Figures 2 and 6 of Synthetic Data for Model Selection: what choosing epoch and seed gains, by architecture."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from understudy.plots import style
from understudy.plots.frames import over_draws, selection_sets

METHODS = ("es", "rss", "es_rss")
OFFSETS = (-0.25, 0.0, 0.25)
# A family of more architectures is drawn by its mean alone: the panel would be taller than a page.
MAX_ARCHITECTURES = 32


def selection_gain_figure(table: pd.DataFrame, split: str, generators: Sequence[str]) -> Figure:
    """Draw a panel per selection set, with a line per architecture and one for each family's mean, ``all``.

    A filled marker is the gain on test images with its interval, a hollow one what the selection set claims.
    """
    table = over_draws(table)
    table = table[(table["split"] == split) & table["method"].isin(METHODS)]
    sets = selection_sets(table, [split], generators)
    lines = _lines(table)
    # Two columns of the legend take a page's width.
    width, height = max(2 + 2.5 * len(sets), style.WIDTH), 2 + 0.36 * len(lines)
    figure, axes = style.panels(1, len(sets), width=width, height=height, sharey=True, sharex=True)
    for panel, name in zip(axes[0], sets, strict=True):
        _draw_panel(panel, table[table["generator"] == name], lines)
        panel.set_title(f"chosen by {name}", loc="left")
        panel.set_xlabel("Gain (percentage points)")
    labels = [f"mean of {family}" if name == "all" else name for family, name in lines]
    axes[0, 0].set_yticks(range(len(lines)), labels)
    axes[0, 0].set_ylim(len(lines) - 0.5, -0.5)
    style.legend(figure, _handles(), 2)
    runs = table.loc[table["architecture"] != "all", "runs"].max()
    size = f"{runs} runs an architecture, bars: 95 % intervals"
    style.title(figure, f"{split}: gain over the mean run at its last epoch; {size}")
    return figure


def _lines(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (family, architecture) from top to bottom: the families' means, then the architectures of each."""
    names = table.groupby("family")["architecture"].unique()
    families = [family for family in style.FAMILIES if family in names]
    lines = [(family, "all") for family in families]
    for family in families:
        architectures = sorted(set(names[family]) - {"all"})
        if len(architectures) <= MAX_ARCHITECTURES:
            lines += [(family, name) for name in architectures]
    return lines


def _draw_panel(panel: Axes, rows: pd.DataFrame, lines: list[tuple[str, str]]) -> None:
    means = sum(architecture == "all" for _, architecture in lines)
    panel.axhspan(-0.5, means - 0.5, color="#eeeeee", zorder=0)
    panel.axvline(0, color=style.BLACK, linewidth=0.9, zorder=1)
    for offset, method in zip(OFFSETS, METHODS, strict=True):
        mine = rows[rows["method"] == method].set_index(["family", "architecture"]).reindex(lines)
        heights = [height + offset for height in range(len(lines))]
        look = style.SELECTION_METHODS[method]
        gain, low, high, claimed = style.percents(mine, "gain", "ci_low", "ci_high", "apparent_gain")
        bars = style.spans(gain, low, high)
        panel.errorbar(gain, heights, xerr=bars, fmt=look.marker, color=look.colour, markersize=4, elinewidth=1)
        panel.plot(claimed, heights, look.marker, color=look.colour, markersize=6.5, markerfacecolor="none",
                   gid=f"{method} claimed")  # fmt: skip
    panel.grid(axis="y", visible=False)


def _handles() -> list[Artist]:
    return [
        style.handle(f"{look.label}: {meaning}", look.colour, look.marker, markerfacecolor=face or look.colour)
        for face, meaning in (("", "gain on test images"), ("none", "claimed by the selection set"))
        for look in map(style.SELECTION_METHODS.get, METHODS)
    ]
