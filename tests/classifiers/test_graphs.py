import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.classifiers.architectures import ArchitectureSettings
from understudy.classifiers.graphs import draw_edges, draw_graphs, graph_arguments
from understudy.errors import StudyError


@given(nodes=st.integers(5, 32), half=st.integers(1, 2), rewiring=st.floats(0, 0.6), seed=st.integers(0, 10**6))
def test_graphs_are_connected_acyclic_and_have_all_edges(nodes, half, rewiring, seed):
    edges = draw_edges(nodes, 2 * half, rewiring, seed)
    assert len(set(edges)) == len(edges) == nodes * half
    assert all(0 <= a < b < nodes for a, b in edges)
    assert networkx.is_connected(networkx.Graph(edges))
    assert edges == draw_edges(nodes, 2 * half, rewiring, seed)


def test_without_rewiring_the_graph_is_a_ring():
    assert draw_edges(6, 2, 0.0, 1) == [(0, 1), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5)]


def test_a_quarter_of_the_edges_is_rewired():
    ring = {(v, v + 1) for v in range(31)} | {(0, 31)}
    moved = [len(ring - set(draw_edges(32, 2, 0.25, seed))) for seed in range(300)]
    # Of 32 edges 8 are rewired, fewer in connected graphs: a chain that loses an edge stays connected by luck alone.
    assert 4 < sum(moved) / len(moved) < 8


def test_a_graph_that_is_never_connected_is_refused(monkeypatch):
    monkeypatch.setattr("understudy.classifiers.graphs.MAX_TRIES", 1)
    with pytest.raises(StudyError, match="none of 1 draws was connected; raise `neighbours`"):
        for seed in range(50):
            draw_edges(64, 2, 1.0, seed)


def test_a_table_of_graphs_gives_the_builders_arguments():
    table = draw_graphs(["a", "b"], 7, stages=2, nodes=8)
    more = draw_graphs(["b", "c"], 7, stages=2, nodes=8)
    mine = graph_arguments(table, "b")
    assert mine == graph_arguments(more, "b")
    assert mine != graph_arguments(table, "a")
    settings = ArchitectureSettings(model="rwnn", arguments={"width": 4, "head_width": 8, **mine})
    assert len(settings.full_arguments.graphs) == 2
    with pytest.raises(StudyError, match="'z' is not in the study's table"):
        graph_arguments(table, "z")
