"""The study's random graphs, drawn as the rings that they were rewired from."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from understudy.plots import style
from understudy.tables import read_table

COLUMNS = 6
MOST_GRAPHS = 48


def plot_random_graphs(graphs: str | Path, output: str | Path) -> None:
    """Read the table ``graphs`` and write the figure."""
    style.save(random_graphs_figure(read_table(graphs, "graphs")), output)


def random_graphs_figure(graphs: pd.DataFrame) -> Figure:
    """Draw the graph of each architecture and stage; the first ``MOST_GRAPHS`` where there are more.

    ``graphs``: columns graph, stage, nodes, source, target; one row per edge, directed to the larger number.
    """
    found = list(graphs.groupby(["graph", "stage"], sort=True))
    shown = found[:MOST_GRAPHS]
    columns = min(COLUMNS, len(shown))
    figure, axes = style.panels(-(-len(shown) // columns), columns, height=1.95)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    for panel, ((name, stage), edges) in zip(axes.flat, shown, strict=False):
        _draw_ring(panel, edges)
        panel.set_title(f"{name}, stage {stage + 1}")
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=colour, label=label)
        for label, colour in (("reads the stage's input", style.GREEN), ("inner node", style.GREY),
                              ("gives the stage's output", style.VERMILION))
    ]  # fmt: skip
    style.legend(figure, handles, 3)
    part = f"; the first {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
    style.title(figure, f"Graphs of the randomly wired networks, {graphs['nodes'].iloc[0]} nodes each{part}")
    return figure


def _draw_ring(panel: Axes, edges: pd.DataFrame) -> None:
    nodes = int(edges["nodes"].iloc[0])
    # Node 0 stands at the top and numbers grow clockwise, so edges of the unrewired ring are its sides.
    angle = np.pi / 2 - 2 * np.pi * np.arange(nodes) / nodes
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # [nodes, 2]
    segments = places[edges[["source", "target"]].to_numpy()]  # [edges, 2, 2]
    panel.add_collection(LineCollection(segments, colors=style.GREY, linewidths=0.9, zorder=1))
    numbers = np.arange(nodes)
    first, final = ~np.isin(numbers, edges["target"]), ~np.isin(numbers, edges["source"])
    colours = np.where(first, style.GREEN, np.where(final, style.VERMILION, style.GREY))
    panel.scatter(*places.T, c=list(colours), s=14, zorder=2)
    panel.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    panel.set_axis_off()
