"""Values with intervals, one below the other, each under a line of text that names it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from understudy.plots import style

INCHES_PER_DOT = 0.42


@dataclass(frozen=True)
class Dot:
    """A value with its interval, NaN where there is none, and what is written above it; in the axis's unit."""

    label: str
    value: float
    low: float
    high: float
    colour: str
    marker: str


def draw_dots(axes: Axes, dots: Sequence[Dot], room: int) -> None:
    """Draw ``dots`` from top to bottom in a panel with room for ``room``, the text of each above its interval."""
    for height, dot in enumerate(dots):
        text = axes.text(0.02, height - 0.16, dot.label, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
        # The layout would make the panel narrower to keep a long text beside it.
        text.set_in_layout(False)
        if not np.isnan(dot.value):
            bars = style.spans([dot.value], [dot.low], [dot.high])
            axes.errorbar(dot.value, height + 0.22, xerr=bars, fmt=dot.marker, color=dot.colour, markersize=6,
                          capsize=3, gid=dot.label)  # fmt: skip
    axes.set_ylim(room - 0.4, -0.5)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
