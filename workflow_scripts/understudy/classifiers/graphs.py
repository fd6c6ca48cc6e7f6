"""Watts-Strogatz graphs WS(K, P) for randomly wired networks (Xie et al. 2019), drawn by seed (no torch import)."""

import numpy as np
import pandas as pd

from understudy.errors import StudyError
from understudy.seeds import numpy_generator, seed_for

Edges = list[tuple[int, int]]


def draw_edges(nodes: int, neighbours: int, probability: float, seed: int) -> Edges:
    """Draw a connected WS graph and direct each edge from the smaller node to the larger.

    A ring of `nodes`, each joined to `neighbours` / 2 on either side; going round once for every distance, the edge
    from each node to its clockwise neighbour at that distance is rewired with `probability` to a node drawn uniformly
    among those that give neither a loop nor a double edge. Graphs that are not connected are drawn again: WS(2, 0.25)
    with 32 nodes is connected in about 69 % of the draws.

    Raises
    ------
    StudyError
        If K is odd, below 2 or not smaller than the number of nodes.

    """
    if neighbours % 2 or not 2 <= neighbours < nodes:
        raise StudyError(
            f"graph WS({neighbours}, {probability}) of {nodes} nodes: K must be even, at least 2 and below the number "
            "of nodes; change the study's rwnn settings"
        )
    generator = numpy_generator(seed)
    while True:
        edges = sorted(tuple(sorted(edge)) for edge in _draw(nodes, neighbours, probability, generator))
        if is_connected(nodes, edges):
            return edges


def _draw(nodes: int, neighbours: int, probability: float, generator: np.random.Generator) -> set[frozenset[int]]:
    distances = range(1, neighbours // 2 + 1)
    edges = {frozenset((v, (v + d) % nodes)) for d in distances for v in range(nodes)}
    for distance in distances:
        for node in range(nodes):
            edge = frozenset((node, (node + distance) % nodes))
            if edge not in edges or generator.random() >= probability:
                continue
            free = [other for other in range(nodes) if other != node and frozenset((node, other)) not in edges]
            if free:
                edges.remove(edge)
                edges.add(frozenset((node, free[generator.integers(len(free))])))
    return edges


def is_connected(nodes: int, edges: Edges) -> bool:
    """Whether every node can be reached from node 0 along edges of either direction."""
    reached, frontier = {0}, [0]
    while frontier:
        node = frontier.pop()
        beside = {b if a == node else a for a, b in edges if node in (a, b)} - reached
        reached |= beside
        frontier += beside
    return len(reached) == nodes


def draw_graphs(
    names: list[str], study_seed: int, *, stages: int, nodes: int, neighbours: int = 2, probability: float = 0.25
) -> pd.DataFrame:
    """Draw one graph per architecture name and stage: columns graph, stage, nodes, source, target."""
    rows = [
        (name, stage, nodes, source, target)
        for name in names
        for stage in range(stages)
        for source, target in draw_edges(nodes, neighbours, probability, seed_for(study_seed, "graph", name, stage))
    ]
    return pd.DataFrame(rows, columns=["graph", "stage", "nodes", "source", "target"])


def graph_arguments(graphs: pd.DataFrame, name: str) -> dict:
    """The builder's arguments `nodes` and `graphs` of one architecture in the table of `draw_graphs`."""
    mine = graphs[graphs["graph"] == name]
    if mine.empty:
        raise StudyError(f"graph {name!r} is not in the study's table of graphs: {sorted(set(graphs['graph']))}")
    stages = [
        [(int(source), int(target)) for source, target in zip(part["source"], part["target"], strict=True)]
        for _, part in mine.sort_values(["stage", "source", "target"]).groupby("stage")
    ]
    return {"nodes": int(mine["nodes"].iloc[0]), "graphs": stages}
