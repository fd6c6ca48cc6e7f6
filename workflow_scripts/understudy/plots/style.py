"""One look for all figures: sizes, fonts, and a constant colour and marker for each family, generator and method.

Figures are made without pyplot, so that no global state passes from one to the next.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import matplotlib
import numpy as np
import pandas as pd
import seaborn
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox

from understudy.files import writing

matplotlib.use("Agg")

DPI = 150
WIDTH = 10.0  # inches: a report page
FONT_SIZE = 9.5
MARGIN = 0.1  # inches to either side of a figure's title and legend

# Okabe and Ito's palette: told apart by readers with any of the common forms of colour blindness.
PALETTE = {
    "BLACK": "#000000",
    "ORANGE": "#E69F00",
    "SKY": "#56B4E9",
    "GREEN": "#009E73",
    "BLUE": "#0072B2",
    "VERMILION": "#D55E00",
    "PURPLE": "#CC79A7",
    "GREY": "#767676",
}
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE, GREY = PALETTE.values()
CYCLE = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY]  # of curves that no registry names


class Look(NamedTuple):
    """How a thing is called and drawn."""

    label: str
    colour: str
    marker: str
    short: str = ""  # where there is little room


class ProtocolLook(NamedTuple):
    """How a protocol is called and drawn; ``description`` may name the columns of its row."""

    label: str
    colour: str
    marker: str
    alternative: str
    description: str


FAMILIES = {
    "all": Look("all families", BLACK, "D"),
    "standard": Look("standard family", BLUE, "o"),
    "rwnn": Look("rwnn family", VERMILION, "^"),
}
SELECTION_METHODS = {
    "baseline": Look("baseline", GREY, "x", "baseline"),
    "es": Look("early stopping (ES)", GREEN, "s", "ES"),
    "rss": Look("seed selection (RSS)", BLUE, "o", "RSS"),
    "es_rss": Look("ES + RSS", PURPLE, "D", "ES + RSS"),
    "oracle": Look("oracle", GREY, "*", "oracle"),
}
PROTOCOLS = {
    "random": ProtocolLook("random", GREY, "x", "a random choice", "random model"),
    "standard": ProtocolLook("standard", BLUE, "o", "the standard protocol", "standard: validate, then train on all"),
    "synthetic": ProtocolLook("synthetic", VERMILION, "D", "", "synthetic, with {generator}"),
    "validation": ProtocolLook(
        "validation alternative",
        GREEN,
        "s",
        "the validation alternative",
        "validation alternative: ship a subtrain run",
    ),
}
GENERATOR_LOOKS = [(VERMILION, "D"), (BLUE, "o"), (ORANGE, "^"), (PURPLE, "v"), (SKY, "P"), (BLACK, "X")]
VALIDATION_LOOK = (GREEN, "s")
# A hollow marker is larger than a filled one and see-through, so that neither hides the other where they are equal.
HOLLOW = {"markerfacecolor": "none", "markersize": 9}
RING = {"markerfacecolor": "none", "markersize": 11}

_PARAMETERS = {
    "font.size": FONT_SIZE,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "figure.titlesize": 12,
    "axes.grid": True,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    # A font that matplotlib brings along: the figure's bytes don't depend on the fonts of a machine.
    "font.family": "DejaVu Sans",
    "font.sans-serif": ["DejaVu Sans"],
    # Names are shown as they are: a dollar sign begins no formula.
    "text.parse_math": False,
}
seaborn.set_theme(context="paper", style="whitegrid", rc=_PARAMETERS)


def generator_look(name: str, generators: Sequence[str]) -> tuple[str, str]:
    """Return colour and marker of a selection set: by its index in the study's ``generators``, or validation's own."""
    if name == "validation":
        return VALIDATION_LOOK
    return GENERATOR_LOOKS[list(generators).index(name) % len(GENERATOR_LOOKS)]


def panels(rows: int, columns: int, width: float = WIDTH, height: float = 3.0, **options: object) -> tuple:
    """Return a figure of ``rows`` x ``columns`` panels and its axes [rows, columns]; ``height`` inches a row."""
    figure = Figure(figsize=(width, height * rows), layout="constrained", dpi=DPI)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def grid(count: int, columns: int, **options: object) -> tuple:
    """Return a figure of ``count`` panels in rows of ``columns`` and its axes [rows, columns], the last ones empty."""
    figure, axes = panels(math.ceil(count / columns), columns, **options)
    for panel in axes.flat[count:]:
        panel.set_axis_off()
    return figure, axes


def title(figure: Figure, text: str, size: float = 12) -> None:
    """Write a figure's title in as many lines as its width asks for; those after the first make the figure taller.

    To be called after :func:`legend`, which may widen the figure.
    """
    written = figure.suptitle(text, fontsize=size)
    one_line = _extent(figure, written)
    lines = math.ceil(one_line.width / (0.97 * _room(figure)))
    # Lines of about equal lengths, where the widest may leave one word to the last.
    written.set_text(fill(text, math.ceil(1.1 * len(text) / lines), break_long_words=False, break_on_hyphens=False))
    _fit(figure, written, one_line.height)


def legend(figure: Figure, handles: Sequence[Artist], columns: int, labels: Sequence[str] | None = None) -> None:
    """Place a figure's legend below its panels in at most ``columns`` columns, in fewer where the figure is narrow.

    The lines that this adds make the figure taller; one column that is too wide makes it wider.
    """
    if not handles:
        return
    names = labels or [str(handle.get_label()) for handle in handles]
    heights = []
    for count in range(min(columns, len(handles)), 0, -1):
        figure.legends.clear()
        placed = figure.legend(handles, names, loc="outside lower center", ncols=count)
        extent = _extent(figure, placed)
        heights.append(extent.height)
        if extent.width <= _room(figure):
            break
    _fit(figure, placed, heights[0])


def handle(label: str, colour: str, marker: str = "", linestyle: str = "none", **options: object) -> Line2D:
    """Return an entry of a legend."""
    return Line2D([], [], label=label, color=colour, marker=marker, linestyle=linestyle, **options)


def _extent(figure: Figure, artist: Artist) -> Bbox:
    return artist.get_window_extent(FigureCanvasAgg(figure).get_renderer())


def _room(figure: Figure) -> float:
    return figure.bbox.width - 2 * MARGIN * figure.dpi


def _fit(figure: Figure, artist: Artist, height: float) -> None:
    """Make a figure as wide as an artist asks for, and as much taller as this is higher than ``height`` pixels."""
    extent = _extent(figure, artist)
    width = max(figure.get_figwidth(), extent.width / figure.dpi + 2 * MARGIN)
    figure.set_size_inches(width, figure.get_figheight() + (extent.height - height) / figure.dpi)


def plain_numbers(axis: Axis) -> None:
    """Label a logarithmic axis of positive values with plain numbers, those of a linear one within a decade."""
    low, high = axis.get_view_interval()
    near = high < 10 * low
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]) if near else LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def whole_numbers() -> MaxNLocator:
    """Return a locator of ticks at whole numbers."""
    return MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10])


def say(axes: Axes, text: str) -> None:
    """Write why a panel is empty, in its middle, in place of its axes."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, color=GREY, wrap=True)


def bare(axes: Axes) -> None:
    """Take away what surrounds a picture: ticks, grid and frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def cut_below_zero(axes: Axes) -> None:
    """End the axes of errors just below 0: an interval may reach below, an error can't."""
    for limits, cut in ((axes.get_xlim(), axes.set_xlim), (axes.get_ylim(), axes.set_ylim)):
        low, high = limits
        cut(max(low, -0.03 * high), high)


def percent(values: object) -> np.ndarray:
    """Return fractions as percentages, float array of the same shape."""
    return 100 * np.asarray(values, dtype=float)


def percents(table: pd.DataFrame, *columns: str) -> list[np.ndarray]:
    """Return columns of fractions as percentages; of a column that a table lacks, NaN."""
    return [percent(table[column] if column in table else np.full(len(table), np.nan)) for column in columns]


def spans(values: object, low: object, high: object) -> np.ndarray:
    """Return the lengths of error bars [2, N] from interval ends; a missing end has no bar.

    An estimate may lie outside its interval (a measured correlation is biased, its interval is corrected); the bar on
    that side is then of length zero rather than negative.
    """
    values, low, high = (np.asarray(part, dtype=float) for part in (values, low, high))
    return np.nan_to_num(np.clip(np.stack([values - low, high - values]), 0, None))


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, whole or not at all; equal figures give equal bytes."""
    with writing(path) as temporary:
        # Matplotlib would put its version and address among the metadata.
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})
