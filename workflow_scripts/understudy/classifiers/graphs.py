"""Watts-Strogatz graphs WS(K, P) for randomly wired networks (Xie et al. 2019), drawn by seed (no torch import)."""

import pandas as pd

from understudy.errors import StudyError
from understudy.seeds import numpy_generator, seed_for

# WS(2, 0.25) with 32 nodes is connected in about 69 % of the draws, WS(2, 1) in few.
MAX_TRIES = 10_000


def draw_edges(nodes: int, neighbours: int, rewiring: float, seed: int) -> list[tuple[int, int]]:
    """Draw a connected WS graph and direct each edge from the smaller node to the larger.

    Raises
    ------
    StudyError
        If no draw is connected.

    """
    import networkx  # here: every start of Snakemake loads this module, and few draw graphs

    name = f"graph WS({neighbours}, {rewiring}) of {nodes} nodes"
    try:
        graph = networkx.connected_watts_strogatz_graph(
            nodes, neighbours, rewiring, tries=MAX_TRIES, seed=numpy_generator(seed)
        )
    except networkx.NetworkXError as error:
        raise StudyError(
            f"{name}: none of {MAX_TRIES} draws was connected; raise `neighbours` or lower `rewiring`"
        ) from error
    return sorted((min(edge), max(edge)) for edge in graph.edges)


def draw_graphs(
    names: list[str], study_seed: int, *, stages: int, nodes: int, neighbours: int = 2, rewiring: float = 0.25
) -> pd.DataFrame:
    """Draw one graph per architecture name and stage: columns graph, stage, nodes, source, target."""
    rows = [
        (name, stage, nodes, source, target)
        for name in names
        for stage in range(stages)
        for source, target in draw_edges(nodes, neighbours, rewiring, seed_for(study_seed, "graph", name, stage))
    ]
    return pd.DataFrame(rows, columns=["graph", "stage", "nodes", "source", "target"])


def graph_arguments(graphs: pd.DataFrame, name: str) -> dict:
    """The arguments `nodes` and `graphs` of one architecture in the table of `draw_graphs`."""
    mine = graphs[graphs["graph"] == name]
    if mine.empty:
        raise StudyError(f"graph {name!r} is not in the study's table of graphs: {sorted(set(graphs['graph']))}")
    stages = [
        [(int(source), int(target)) for source, target in zip(part["source"], part["target"], strict=True)]
        for _, part in mine.sort_values(["stage", "source", "target"]).groupby("stage")
    ]
    return {"nodes": int(mine["nodes"].iloc[0]), "graphs": stages}
