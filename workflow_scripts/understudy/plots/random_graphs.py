"""The study's random graphs, drawn as the rings that they were rewired from."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from understudy.plots import style

COLUMNS = 6
MAX_GRAPHS = 48
KINDS = {
    "reads the stage's input": style.GREEN,
    "inner node": style.GREY,
    "gives the stage's output": style.VERMILION,
}


def random_graphs_figure(graphs: pd.DataFrame) -> Figure:
    """Draw the graph of each architecture and stage; the first ``MAX_GRAPHS`` where there are more.

    ``graphs``: columns graph, stage, nodes, source, target; one row per edge, directed to the larger number.
    """
    found = list(graphs.groupby(["graph", "stage"], sort=True))
    shown = found[:MAX_GRAPHS]
    figure, axes = style.grid(len(shown), min(COLUMNS, len(shown)), height=1.95)
    for panel, ((name, stage), edges) in zip(axes.flat, shown, strict=False):
        _draw_ring(panel, edges)
        panel.set_title(f"{name}, stage {stage + 1}")
    handles = [style.handle(label, colour, "o") for label, colour in KINDS.items()]
    style.legend(figure, handles, 3)
    part = f"; the first {len(shown)} of {len(found)}" if len(shown) < len(found) else ""
    style.title(figure, f"Graphs of the randomly wired networks, {graphs['nodes'].iloc[0]} nodes each{part}")
    return figure


def _draw_ring(panel: Axes, edges: pd.DataFrame) -> None:
    nodes = np.arange(edges["nodes"].iloc[0])
    # Node 0 stands at the top and numbers grow clockwise, so edges of the unrewired ring are its sides.
    angle = np.pi / 2 - 2 * np.pi * nodes / len(nodes)
    positions = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # [nodes, 2]
    segments = positions[edges[["source", "target"]].to_numpy()]  # [edges, 2, 2]
    panel.add_collection(LineCollection(segments, colors=style.GREY, linewidths=0.9, zorder=1))
    first, final = ~np.isin(nodes, edges["target"]), ~np.isin(nodes, edges["source"])
    colours = np.where(first, style.GREEN, np.where(final, style.VERMILION, style.GREY))
    panel.scatter(*positions.T, c=list(colours), s=14, zorder=2)
    panel.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    panel.set_axis_off()
